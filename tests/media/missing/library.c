/* A library that is there when the module beside it is linked, and nowhere when it is loaded. */
int besra_missing(void);

int besra_missing(void)
{
    return 1;
}
