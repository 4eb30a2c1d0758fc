#pragma once
/* A text file of the tree (a migration, a query, a Redis script) compiled into the program; made by cmake/embed.cmake.
 */
struct embedded_file {
    const char *name;
    const char *text;
};
