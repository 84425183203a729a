/* A module that cannot be loaded, as its library is not found: what a missing package looks like. */
int besra_missing(void);
int besra_needs_missing(void);

__attribute__((visibility("default"))) int besra_needs_missing(void)
{
    return besra_missing();
}
