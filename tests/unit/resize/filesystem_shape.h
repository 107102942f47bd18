// SPDX-License-Identifier: MIT
// The blocks of all subvolumes and what they refer to, in words that don't depend on where anything lies: what moving
// must leave as it was, to the last generation.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/tree/tree_walk.h"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace btrkit::test {

class FilesystemShape {
public:
    explicit FilesystemShape(const Filesystem& filesystem) : filesystem_(filesystem) {
        ItemRange items(filesystem.reader(), filesystem.root_tree().block, KeyRange{});
        while (items.next().value_or(false)) {
            const auto root = items.key().type == btrfs::item_type::root_item
                                  ? parse_root_item(items.key(), items.data())
                                  : std::nullopt;
            if (root && is_subvolume(root->id)) {
                lines_.push_back(fmt::format("tree {}", root->id));
                walk(root->block);
            }
        }
    }

    const std::vector<std::string>& lines() const { return lines_; }
    std::size_t block_count() const { return blocks_; }

private:
    /// Blocks and extents are called by the order in which they are met: whoever is shared keeps the name.
    std::size_t name_of(u64 address) { return names_.try_emplace(address, names_.size()).first->second; }

    void walk(const Promise& root) {
        TreeWalk blocks(filesystem_.reader(), root, WalkOrder::depth_first);
        while (const auto promise = blocks.next()) {
            const OwnedBlock owned(filesystem_.reader(), *promise);
            if (!owned.is_proven()) {
                lines_.emplace_back("lost");
                continue;
            }
            const auto& header = owned.block().header();
            blocks_ += names_.contains(promise->address.bytenr) ? 0 : 1;
            lines_.push_back(fmt::format("block {} level {} owner {} generation {} promised {} items {}",
                                         name_of(promise->address.bytenr), header.level, u64{header.owner},
                                         u64{header.generation}, *promise->generation, owned.block().count()));
            if (owned.block().is_leaf()) {
                tell_extents(owned.block());
            }
        }
    }

    void tell_extents(const TreeBlock& leaf) {
        for (u32 slot = 0; slot < leaf.count(); ++slot) {
            const auto extent = leaf.key(slot).type == btrfs::item_type::extent_data
                                    ? stored_extent(leaf.item_data(slot))
                                    : std::nullopt;
            if (extent) {
                lines_.push_back(fmt::format(
                    "{} {}: extent {} of {} from {}, {} bytes, generation {}", leaf.key(slot).objectid,
                    leaf.key(slot).offset, name_of(extent->range.disk_bytenr), u64{extent->range.disk_num_bytes},
                    u64{extent->range.offset}, u64{extent->range.num_bytes}, u64{extent->head.generation}));
            }
        }
    }

    const Filesystem& filesystem_;
    std::map<u64, std::size_t> names_;
    std::vector<std::string> lines_;
    std::size_t blocks_ = 0; ///< distinct ones
};

} // namespace btrkit::test
