// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/log_extents.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/stored_extent.h"

#include <algorithm>

namespace btrkit::survey {

namespace {

/// Some 150 MB; no log that a kernel wrote comes near.
constexpr std::size_t most_extents = 1'000'000;

class LogReader {
public:
    explicit LogReader(const Filesystem& filesystem) : filesystem_(filesystem), reader_(filesystem.reader()) {}

    LogSpace read() {
        const auto log = filesystem_.log_root_tree();
        if (!log) {
            return {};
        }
        read_tree(log->block, [this](const btrfs::Key& key, Bytes body) { take_root(key, body); });
        for (const Promise& tree : space_.trees) {
            read_tree(tree, [this](const btrfs::Key& key, Bytes body) { take_extent(key, body); });
        }
        std::ranges::sort(space_.extents, {}, &UsedExtent::range);
        return std::move(space_);
    }

private:
    template <class Visit>
    void read_tree(const Promise& root, Visit visit) {
        TreeWalk walk(reader_, root, WalkOrder::depth_first);
        while (const auto promise = walk.next()) {
            const u64 start = promise->address.bytenr;
            add({.range = {start, start + reader_.nodesize()}, .kind = UsedExtent::Kind::block, .promise = *promise});
            const OwnedBlock block(reader_, *promise);
            if (!block.is_proven()) {
                space_.is_complete = false;
                continue;
            }
            const auto& leaf = block.block();
            for (u32 slot = 0; leaf.is_leaf() && slot < leaf.count(); ++slot) {
                visit(leaf.key(slot), leaf.item_data(slot));
            }
        }
    }

    void take_root(const btrfs::Key& key, Bytes body) {
        if (key.type != btrfs::item_type::root_item) {
            return;
        }
        if (auto root = parse_root_item(key, body)) {
            root->block.tree = btrfs::tree_log_id;
            space_.trees.push_back(root->block);
        }
    }

    void take_extent(const btrfs::Key& key, Bytes body) {
        if (key.type != btrfs::item_type::extent_data) {
            return;
        }
        const auto extent = stored_extent(body);
        if (extent && extent->whole().length() > 0) {
            add({.range = extent->whole(), .kind = UsedExtent::Kind::data, .promise = {}});
        }
    }

    void add(const UsedExtent& extent) {
        if (space_.extents.size() < most_extents) {
            space_.extents.push_back(extent);
        } else {
            space_.is_complete = false;
        }
    }

    const Filesystem& filesystem_;
    const BlockReader& reader_;
    LogSpace space_;
};

} // namespace

LogSpace read_log_space(const Filesystem& filesystem) {
    return LogReader(filesystem).read();
}

const UsedExtent* MergedExtents::find(u64 at) {
    const UsedExtent* found = source_.find(at);
    // Ranges may overlap, but begin in order: the first that ends behind `at` is near the first that begins there.
    auto first = std::ranges::lower_bound(list_, at, {}, [](const UsedExtent& extent) { return extent.range.start; });
    while (first != list_.begin() && std::prev(first)->range.end > at) {
        --first;
    }
    return first != list_.end() && (found == nullptr || first->range.start < found->range.start) ? &*first : found;
}

} // namespace btrkit::survey
