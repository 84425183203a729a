/* config/net_values.h: what the readers of a net's description share. For config/net_*.c only. */
#pragma once

#include "config/net_description.h"
#include "config/settings.h"

struct net_reader {
    const char       *path;
    struct bsr_error *err;
};

/* "path:line: layers.kernel: must be ..." */
bsr_status net_refuse(const struct net_reader *reader, const config_setting_t *at, const char *what);

/* A key and what reads it into `into`. Lists of them end with {0}. */
struct net_key {
    const char *name;
    bsr_status (*read)(const struct net_reader *reader, const config_setting_t *at, void *into);
    size_t offset; /* into what net_read_group() is given */
};

/* Reads all settings of a group by `keys`; unknown ones are refused with the nearest. */
bsr_status net_read_group(const struct net_reader *reader, const config_setting_t *group,
                          const struct net_key *keys, void *into);

/* Calls read() for each group of a list ( { ... }, { ... } ), which it has made room for: a zeroed array of
 * `size` bytes an entry, *out, *count are set as it goes. At most `most`. */
bsr_status net_read_list(const struct net_reader *reader, const config_setting_t *list, void *out, int *count,
                         size_t size, int most,
                         bsr_status (*read)(const struct net_reader *, const config_setting_t *, void *));

/* The value of a setting: into char *, struct net_names, int64_t[2], ... */
bsr_status net_read_text(const struct net_reader *reader, const config_setting_t *at, void *into);
bsr_status net_read_name(const struct net_reader *reader, const config_setting_t *at, void *into);
bsr_status net_read_names(const struct net_reader *reader, const config_setting_t *at, void *into);
bsr_status net_read_pair(const struct net_reader *reader, const config_setting_t *at, void *into);

/* A weight's source: "w.npy", 0.5, [1.0, 2.0], false, { file = ...; type = ...; shape = [...]; }. */
bsr_status net_read_source(const struct net_reader *reader, const config_setting_t *at, void *into);
bsr_status net_read_file(const struct net_reader *reader, const config_setting_t *at, void *into);
bsr_status net_read_values(const struct net_reader *reader, const config_setting_t *at, void *into);
bsr_status net_read_fill(const struct net_reader *reader, const config_setting_t *at, void *into);
bsr_status net_read_type(const struct net_reader *reader, const config_setting_t *at, void *into);
bsr_status net_read_shape(const struct net_reader *reader, const config_setting_t *at, void *into);

/* One layer: a group of `layers`. */
bsr_status net_read_layer(const struct net_reader *reader, const config_setting_t *group, void *into);

/* A whole number of least .. most. */
bsr_status net_read_whole(const struct net_reader *reader, const config_setting_t *at, long long least,
                          long long most, int64_t *value);

bool net_is_sequence(const config_setting_t *at);
void net_names_free(struct net_names *names);
void net_source_free(struct net_source *source);
