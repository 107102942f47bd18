// SPDX-License-Identifier: MIT
#include "libfs/ops/check/roots/log_names.h"

#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::check {

void LogNames::accept(const btrfs::Key& key, Bytes body, const Place& place) {
    namespace type = btrfs::item_type;
    if (key.type != type::dir_index && key.type != type::inode_ref && key.type != type::inode_extref) {
        return;
    }
    for_each_name(key, body, [&](const NameRecord& record, const btrfs::DirItem* /*entry*/) {
        Taken taken{.inode = record.child, .name = std::string(as_text(record.name))};
        const auto [known, is_new] = taken_.try_emplace({record.parent, record.index}, taken);
        if (!is_new && known->second != taken) {
            Place here = place;
            here.inode = record.child;
            context_.findings.report(
                ProblemCode::dir_index_differs, std::move(here),
                fmt::format("index {} of directory {} is \"{}\" of inode {}, and \"{}\" of inode {}", record.index,
                            record.parent, printable(known->second.name), known->second.inode, printable(taken.name),
                            taken.inode));
        }
    });
}

} // namespace btrkit::check
