// SPDX-License-Identifier: MIT
// Which subvolumes there are, as `btrfs subvolume list` chooses, names and sorts them.
#pragma once

#include "libfs/ops/subvolume/all_subvolumes.h"

namespace btrkit::subvolume {

/// From where paths are told, and what of: without the slash at their beginning in all of them.
enum class ListScope {
    all,      ///< of what is below `from`: from there; of all else: from the top
    children, ///< only what hangs in `from` itself; from the top
    marked,   ///< from the top, and behind "<FS_TREE>/" where it does not hang in `from` itself
};

enum class Comparison { equal, at_least, at_most };
struct GenerationFilter {
    Comparison comparison = Comparison::equal;
    u64 generation = 0;

    bool accepts(u64 value) const;
};

enum class SortKey { id, generation_made, generation, path };
struct SortBy {
    SortKey key = SortKey::id;
    bool descending = false;
};

struct ListOptions {
    std::string from = "/"; ///< a subvolume by path or id
    ListScope scope = ListScope::all;
    bool deleted = false; ///< those that wait to be cleaned up, and no others
    bool snapshots_only = false;
    bool read_only_only = false;
    std::vector<GenerationFilter> generations = {};      ///< all must accept it
    std::vector<GenerationFilter> generations_made = {}; ///< the same, of when it was made
    std::vector<SortBy> sort = {};                       ///< the first counts most; behind all of them the id
};

struct ListedSubvolume {
    SubvolumeInfo subvolume;
    std::string listed_path; ///< see ListScope; "DELETED" of what is
};

struct ListReport {
    std::vector<ListedSubvolume> subvolumes; ///< without the top-level one
    bool is_complete = true;                 ///< the root tree could be read as a whole
};

/// Fails with not_found, usage or damaged (`from`), or with cancelled.
Result<ListReport> list(const Filesystem& filesystem, const ListOptions& options, const RunContext& context);

} // namespace btrkit::subvolume
