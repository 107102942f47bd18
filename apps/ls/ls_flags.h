// SPDX-License-Identifier: MIT
// What a listing is to look like.
#pragma once

#include "apps/common/sizes.h"
#include "apps/reading/reading_flags.h"

namespace btrkit::apps {

enum class SortKey : u8 { name, time, size, none };

struct LsFlags {
    ReadingFlags reading;
    bool is_long = false;
    bool all = false;        ///< -a: names that begin with '.', and "." and ".."
    bool almost_all = false; ///< -A: without these two
    bool recursive = false;
    bool directory_itself = false;
    bool inode_numbers = false;
    bool reverse = false;
    bool full_time = false;
    bool ends_with_nul = false; ///< names as they are, ended by NUL
    bool human_sizes = false;
    bool one_a_line = false; ///< what it is always
    SortKey sort = SortKey::name;

    bool shows_hidden() const { return all || almost_all; }
    /// Whether names alone don't do.
    bool needs_inodes() const {
        return is_long || sort == SortKey::time || sort == SortKey::size || reading.format == OutputFormat::json;
    }
};

void declare_ls_flags(CommandLine& line, LsFlags& flags);

} // namespace btrkit::apps
