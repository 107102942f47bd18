// SPDX-License-Identifier: MIT
#include "libfs/fs/data_checksums.h"

#include "formats/btrfs/item_types.h"
#include "libfs/tree/csum_key.h"

namespace btrkit {

namespace {

/// Of the checksum tree: the way down, and the leaves of a few places that are read in turns.
constexpr std::size_t cache_bytes = std::size_t{1} << 20;

} // namespace

u64 most_covered_bytes(const Geometry& geometry) {
    return u64{geometry.nodesize} / geometry.csum_size_bytes * geometry.sectorsize;
}

DataChecksums::DataChecksums(const Filesystem& filesystem)
    : filesystem_(&filesystem), cache_(std::make_unique<BlockCache>(filesystem.reader(), cache_bytes)) {}

Result<void> DataChecksums::open_tree() {
    if (!items_) {
        BTRKIT_TRY_ASSIGN(const auto tree, filesystem_->find_tree(btrfs::csum_tree_id));
        items_.emplace(*cache_, tree.block);
    }
    return {};
}

bool DataChecksums::on_item() const {
    return items_->valid() && items_->key() <= csum_key(~u64{0});
}

/// Makes items_ stand on an item at or before the first that reaches behind at.
Result<void> DataChecksums::stand_before(Logical at) {
    BTRKIT_TRY(open_tree());
    const u64 reach = most_covered_bytes(filesystem_->geometry());
    const u64 first = at.bytenr - std::min(at.bytenr, reach);
    if (on_item() && items_->key().offset <= at.bytenr && items_->key().offset >= first) {
        return {};
    }
    const auto there = items_->seek(csum_key(first));
    return there ? Result<void>() : std::unexpected(there.error());
}

/// Copies what the item has of the sectors from at on.
void DataChecksums::copy_from_item(Logical at) {
    const auto& geometry = filesystem_->geometry();
    const u64 start = items_->key().offset;
    const Bytes csums = items_->data();
    for (std::size_t i = 0; i < found_.size(); ++i) {
        const u64 sector = at.bytenr + i * geometry.sectorsize;
        if (sector < start || !is_aligned(sector - start, geometry.sectorsize)) {
            continue;
        }
        const u64 index = (sector - start) / geometry.sectorsize;
        if (index >= csums.size() / geometry.csum_size_bytes) {
            break;
        }
        btrfs::CsumBytes csum{};
        const Bytes stored = csums.subspan(index * geometry.csum_size_bytes, geometry.csum_size_bytes);
        std::memcpy(&csum, stored.data(), stored.size());
        found_[i] = csum;
    }
}

Result<std::span<const std::optional<btrfs::CsumBytes>>> DataChecksums::find(Logical at, std::size_t sectors) {
    found_.assign(sectors, std::nullopt);
    BTRKIT_TRY(stand_before(at));
    const u64 end = at.bytenr + sectors * filesystem_->geometry().sectorsize;
    while (on_item() && items_->key().offset < end) {
        copy_from_item(at);
        const u64 item_end = items_->key().offset + items_->data().size() / filesystem_->geometry().csum_size_bytes *
                                                        filesystem_->geometry().sectorsize;
        if (item_end >= end) {
            break; // the next look-up may want it too
        }
        BTRKIT_TRY(items_->next());
    }
    return found_;
}

} // namespace btrkit
