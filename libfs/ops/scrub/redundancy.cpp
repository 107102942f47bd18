// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/phases.h"

#include "formats/btrfs/item_types.h"

namespace btrkit::scrub {

namespace {

/// By the block group items, wherever they stand.
class UsedBytes {
public:
    explicit UsedBytes(const Filesystem& filesystem) {
        const bool has_own_tree = filesystem.geometry().has_block_group_tree();
        if (const auto root = filesystem.find_tree(has_own_tree ? btrfs::block_group_tree_id : btrfs::extent_tree_id)) {
            cursor_.emplace(filesystem.reader(), root->block);
        }
    }

    u64 of(const Chunk& chunk) {
        const btrfs::Key key{chunk.start.bytenr, btrfs::item_type::block_group_item, chunk.length};
        if (!cursor_ || !cursor_->seek(key) || cursor_->key() != key) {
            return 0;
        }
        const auto* item = view_at<btrfs::BlockGroupItem>(cursor_->data());
        return item == nullptr ? 0 : std::min<u64>(item->used, chunk.length);
    }

private:
    std::optional<Cursor> cursor_;
};

bool is_missing(const Filesystem& filesystem, u64 devid) {
    return filesystem.volume().device_of(devid) == nullptr;
}

} // namespace

u64 bytes_to_read(const Filesystem& filesystem, std::optional<u64> devid) {
    UsedBytes used(filesystem);
    u64 total = 0;
    for (const auto& chunk : filesystem.volume().chunks().chunks()) {
        if (chunk.stripes.empty()) {
            continue;
        }
        const auto count = static_cast<u64>(std::ranges::count_if(chunk.stripes, [&](const Stripe& stripe) {
            return !is_missing(filesystem, stripe.devid) && (!devid || stripe.devid == *devid);
        }));
        // Each of the stripes has the same share of the data and its copies, or of the parity.
        const u64 each = used.of(chunk) / std::max(chunk.data_stripes(), 1U);
        total += count * each;
    }
    return total;
}

std::vector<ReducedChunks> reduced_chunks(const Filesystem& filesystem) {
    UsedBytes used(filesystem);
    std::vector<ReducedChunks> reduced;
    for (const auto& chunk : filesystem.volume().chunks().chunks()) {
        const auto lost = static_cast<unsigned>(std::ranges::count_if(
            chunk.stripes, [&](const Stripe& stripe) { return is_missing(filesystem, stripe.devid); }));
        if (lost == 0) {
            continue;
        }
        auto entry = std::ranges::find(reduced, chunk.type, &ReducedChunks::type);
        if (entry == reduced.end()) {
            entry = reduced.insert(entry, {.type = chunk.type, .tolerated = chunk.profile().tolerated_failures});
        }
        entry->length_bytes += chunk.length;
        entry->used_bytes += used.of(chunk);
        entry->lost = std::max(entry->lost, lost);
    }
    return reduced;
}

} // namespace btrkit::scrub
