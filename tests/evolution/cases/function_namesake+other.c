int (*namesake(void))(int);

static int act(int x)
{
    return x + 100;
}

int (*namesake(void))(int)
{
    return act;
}
