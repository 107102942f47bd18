// SPDX-License-Identifier: MIT
// A list of subvolumes as `btrfs subvolume list` prints it.
#pragma once

#include "libfs/ops/subvolume/list.h"

#include <set>

namespace btrkit::apps {

/// In the order in which they are printed.
enum class ListColumn : u8 {
    id,
    generation,
    generation_made,
    parent,
    top_level,
    time_made,
    parent_uuid,
    received_uuid,
    uuid,
    path,
};

struct ListStyle {
    /// Those that are always there; more can be wished for.
    std::set<ListColumn> columns{ListColumn::id, ListColumn::generation, ListColumn::top_level, ListColumn::path};
    bool is_table = false;
};

std::string list_text(const subvolume::ListReport& report, const ListStyle& style);

} // namespace btrkit::apps
