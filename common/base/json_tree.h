#pragma once
#include <stddef.h>
/* Pure: what a JSON text will be in memory, reckoned before any is taken. "[[],[]…" of 10 MiB becomes half a GiB. */
enum json_tree { JSON_TREE_FITS, JSON_TREE_DEEP, JSON_TREE_LARGE };
/* Lists and objects within each other, and bytes of the values together with the text. The text need not be JSON. */
enum json_tree json_tree_check(const char *text, size_t len, int depth_max, size_t bytes_max);
