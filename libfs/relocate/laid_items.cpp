// SPDX-License-Identifier: MIT
#include "libfs/relocate/laid_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/stored_extent.h"

#include <fmt/format.h>

namespace btrkit {

Result<std::optional<std::span<const LeafItem>>> LaidItems::of(const TreeBlock& leaf) {
    items_.clear();
    targets_.clear();
    bodies_ = {};
    bool is_changed = false;
    for (u32 slot = 0; slot < leaf.count(); ++slot) {
        const auto key = leaf.key(slot);
        const Bytes body = leaf.item_data(slot);
        bool is_laid = false;
        if (key.type == btrfs::item_type::extent_data) {
            BTRKIT_TRY_ASSIGN(is_laid, add(key, body));
        }
        if (!is_laid) {
            flush();
            items_.push_back({.key = key, .body = body});
        }
        is_changed = is_changed || is_laid;
    }
    flush();
    return is_changed ? std::optional(std::span<const LeafItem>(items_)) : std::nullopt;
}

/// False: it stays as it is.
Result<bool> LaidItems::add(const btrfs::Key& key, Bytes body) {
    const auto stored = stored_extent(body);
    const auto parts = stored ? layout_.parts_of(stored->range.disk_bytenr) : std::span<const ExtentPart>();
    if (parts.empty()) {
        return false;
    }
    const u64 begin = stored->range.offset;
    const u64 end = begin + stored->range.num_bytes;
    u64 done = begin;
    auto part = std::ranges::upper_bound(parts, begin, {}, &ExtentPart::end);
    for (; part != parts.end() && done < end && part->offset <= done; ++part) {
        const u64 piece_end = std::min(end, part->end());
        const u64 offset = part->target_offset + (done - part->offset);
        add_part({.key = {key.objectid, key.type, key.offset + (done - begin)},
                  .target = part->target,
                  .offset = offset,
                  .end = offset + (piece_end - done),
                  .generation = stored->head.generation,
                  .type = stored->head.type,
                  .encryption = stored->head.encryption,
                  .other_encoding = stored->head.other_encoding});
        done = piece_end;
    }
    if (done != end) {
        return fail(ErrorKind::damaged,
                    fmt::format("inode {} refers to more than there is of extent {}; run btrkit-check", key.objectid,
                                u64{stored->range.disk_bytenr}));
    }
    return true;
}

void LaidItems::add_part(const Open& part) {
    const bool keeps_items = layout_.extents()[part.target].keeps_items;
    if (open_ && !keeps_items && open_->target == part.target && open_->end == part.offset &&
        open_->key.objectid == part.key.objectid && open_->file_end() == part.key.offset) {
        open_->end = part.end;
        return;
    }
    flush();
    // What does not begin a run goes on from an item in the leaf before, which is as long as the run.
    if (keeps_items || layout_.begins_run(part.target, part.offset)) {
        open_ = part;
    }
}

void LaidItems::flush() {
    if (!open_) {
        return;
    }
    const auto& extent = layout_.extents()[open_->target];
    const u64 end = extent.keeps_items ? open_->end : layout_.run_end(open_->target, open_->end);
    const btrfs::FileExtentHead head = {.generation = extent.keeps_items ? open_->generation : extent.item_generation,
                                        .ram_bytes = extent.plain_bytes,
                                        .compression = static_cast<u8>(extent.compression),
                                        .encryption = open_->encryption,
                                        .other_encoding = open_->other_encoding,
                                        .type = open_->type};
    const btrfs::FileExtentRange range = {.disk_bytenr = extent.disk.start,
                                          .disk_num_bytes = extent.disk.length(),
                                          .offset = open_->offset,
                                          .num_bytes = end - open_->offset};
    const auto body = bodies_.take(btrfs::file_extent_item_size);
    std::ranges::copy(as_bytes_of(head), body.begin());
    std::ranges::copy(as_bytes_of(range), body.begin() + sizeof(head));
    items_.push_back({.key = open_->key, .body = body});
    targets_.push_back(open_->target);
    open_.reset();
}

} // namespace btrkit
