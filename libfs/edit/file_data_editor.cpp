// SPDX-License-Identifier: MIT
#include "libfs/edit/file_data_editor.h"

#include "libfs/base/names.h"
#include "libfs/edit/compression_property.h"
#include "libfs/edit/data_packer.h"
#include "libfs/edit/data_store.h"
#include "libfs/edit/file_item_writer.h"
#include "libfs/edit/new_inode.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit {

namespace {

/// What is written in one piece at most: what stands in memory at a time.
constexpr u64 most_written_bytes = mib;
/// Of a range that is dropped, before what waits is looked at.
constexpr u64 most_dropped_bytes = 256 * mib;

std::unexpected<Error> no_data_change(std::string why) {
    return fail(ErrorKind::refused, std::move(why));
}

bool is_zero(Bytes bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

} // namespace

FileDataEditor::FileDataEditor(InodeEditor& inodes) : inodes_(&inodes), reader_(inodes.transaction().with_data()) {}

Range FileDataEditor::sectors_of(Range range) const {
    return {round_down(range.start, sectorsize()), round_up(range.end, sectorsize())};
}

Result<FileDataEditor::Open> FileDataEditor::open(const PlaceInTree& place) {
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(place.tree));
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get(place));
    if (!S_ISREG(inode.mode)) {
        return no_data_change("it is no regular file");
    }
    if (inodes_->is_protected(inode, btrfs::inode_immutable | btrfs::inode_append)) {
        return no_data_change("it is immutable or append-only (chattr -ia first)");
    }
    if ((inode.flags & btrfs::inode_ro_verity) != 0) {
        return no_data_change("it is protected by fs-verity: what it holds can't be changed");
    }
    return Open{.place = place,
                .inode = inode,
                .items = FileExtentItems(*tree, place.tree, inodes_->transaction().geometry(), place.inode)};
}

Result<void> FileDataEditor::close(const Open& file, u64 new_flags) {
    return inodes_->change(file.place, [&](btrfs::InodeItem& item) {
        item.size = file.inode.size;
        item.nbytes = file.inode.nbytes;
        item.flags = item.flags | new_flags;
        item.mtime = item.ctime = timespec_of(inodes_->now());
    });
}

/// Whatever became of a change, the inode says what its items hold: who goes on after a failure finds it sound.
Result<void> FileDataEditor::close_after(const Result<void>& done, const Open& file, u64 new_flags) {
    auto closed = close(file, new_flags);
    return done ? closed : done;
}

/// Whole sectors. What this run has written is read without proof: it lies in memory, or in a file of ours.
Result<void> FileDataEditor::read_sectors(Open& file, u64 offset, MutableBytes out) {
    BTRKIT_TRY(inodes_->transaction().finish_data());
    std::ranges::fill(out, std::byte{0});
    const Range wanted = range_from(offset, out.size());
    for (u64 at = wanted.start; at < wanted.end;) {
        BTRKIT_TRY_ASSIGN(const auto extent, file.items.first_beyond(at));
        if (!extent || extent->offset >= wanted.end) {
            break;
        }
        const Range part = {std::max(at, extent->offset), std::min(wanted.end, end_of(*extent))};
        if (extent->is_data()) {
            const bool verify = file.inode.has_checksums() && extent->generation < inodes_->transaction().generation();
            BTRKIT_TRY(reader_.read(*extent, verify, part.start - extent->offset,
                                    out.subspan(part.start - wanted.start, part.length())));
        }
        at = part.end;
    }
    return {};
}

Result<bool> FileDataEditor::is_inline(Open& file) {
    BTRKIT_TRY_ASSIGN(const auto first, file.items.first_beyond(0));
    return first && first->kind == ExtentKind::inline_data;
}

/// Piece by piece: a range may have millions of extents, whose changes are merged on the way.
Result<void> FileDataEditor::drop(Open& file, Range range) {
    while (range.start < range.end) {
        const Range piece = {range.start, std::min(range.end, range.start + most_dropped_bytes)};
        BTRKIT_TRY_ASSIGN(const u64 dropped, file.items.drop(piece));
        file.inode.nbytes -= std::min(dropped, file.inode.nbytes);
        if (piece.end == range.end) {
            return {};
        }
        BTRKIT_TRY(inodes_->transaction().relieve());
        BTRKIT_TRY_ASSIGN(const auto next, file.items.first_beyond(piece.end));
        range.start = next ? std::max(next->offset, piece.end) : range.end;
    }
    return {};
}

/// Of space that was taken, all of it, where the file has nothing.
void FileDataEditor::add_extent(Open& file, ExtentKind kind, u64 offset, Range taken) {
    auto& transaction = inodes_->transaction();
    transaction.bear_data(file.place.tree, taken);
    file.items.put({.kind = kind,
                    .offset = offset,
                    .length = taken.length(),
                    .generation = transaction.generation(),
                    .ram_bytes = taken.length(),
                    .disk = {taken.start},
                    .disk_num_bytes = taken.length()});
    file.inode.nbytes += taken.length();
}

/// In the place of whatever the file has there.
Result<void> FileDataEditor::store_sectors(Open& file, u64 offset, Bytes sectors) {
    auto& transaction = inodes_->transaction();
    BTRKIT_TRY(drop(file, range_from(offset, sectors.size())));
    while (!sectors.empty()) {
        const Bytes part = sectors.first(std::min<u64>(sectors.size(), most_written_bytes));
        const auto csums =
            file.inode.has_checksums() ? checksums_of(transaction.geometry(), part) : std::vector<std::byte>();
        BTRKIT_TRY_ASSIGN(const auto range, store_data(transaction, part, csums, false));
        add_extent(file, ExtentKind::regular, offset, range);
        offset += range.length();
        sectors = sectors.subspan(range.length());
    }
    return {};
}

/// All that the file holds; it has no other data.
Result<void> FileDataEditor::put_inline(Open& file, Bytes plain, std::optional<u64> generation) {
    if (plain.empty()) {
        return {};
    }
    file.items.put({.kind = ExtentKind::inline_data,
                    .offset = 0,
                    .length = round_up(plain.size(), sectorsize()),
                    .generation = generation.value_or(inodes_->transaction().generation()),
                    .ram_bytes = plain.size(),
                    .inline_bytes = {plain.begin(), plain.end()}});
    file.inode.nbytes += plain.size();
    return {};
}

/// What is inline, as far as the file goes, and filled up with zeros to whole sectors; the file has no data then.
Result<std::vector<std::byte>> FileDataEditor::take_inline(Open& file) {
    BTRKIT_TRY_ASSIGN(const auto extent, file.items.first_beyond(0));
    std::vector<std::byte> plain(extent->length);
    BTRKIT_TRY(read_sectors(file, 0, plain));
    const auto held = std::min<u64>(plain.size(), file.inode.size);
    std::ranges::fill(MutableBytes(plain).subspan(held), std::byte{0});
    BTRKIT_TRY(drop(file, {0, extent->length}));
    return plain;
}

/// Data that is to be changed by sectors stands in sectors.
Result<void> FileDataEditor::spill_inline(Open& file) {
    BTRKIT_TRY_ASSIGN(const bool is_there, is_inline(file));
    if (!is_there) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto plain, take_inline(file));
    return store_sectors(file, 0, plain);
}

/// A range within one sector; nothing is written where it reads as zeros already.
Result<void> FileDataEditor::zero(Open& file, u64 start, u64 end) {
    if (start >= end) {
        return {};
    }
    const u64 sector_start = round_down(start, sectorsize());
    BTRKIT_TRY_ASSIGN(const auto extent, file.items.first_beyond(sector_start));
    if (!extent || extent->offset > sector_start || !extent->is_data()) {
        return {};
    }
    std::vector<std::byte> sector(sectorsize());
    BTRKIT_TRY(read_sectors(file, sector_start, sector));
    const auto zeroed = MutableBytes(sector).subspan(start - sector_start, end - start);
    if (is_zero(zeroed)) {
        return {};
    }
    std::ranges::fill(zeroed, std::byte{0});
    return store_sectors(file, sector_start, sector);
}

/// The file ends there or behind: what is between its old end and that is a hole. No inline data is in it.
Result<void> FileDataEditor::reach(Open& file, u64 offset) {
    const u64 old_end = file.inode.size;
    if (offset <= old_end) {
        return {};
    }
    // Nobody cares what stands behind a file's end, until it grows over it.
    BTRKIT_TRY(zero(file, old_end, std::min(offset, round_up(old_end, sectorsize()))));
    file.inode.size = offset;
    return file.items.fill_holes({round_up(old_end, sectorsize()), round_up(offset, sectorsize())});
}

Result<void> FileDataEditor::resize(const PlaceInTree& place, u64 size) {
    BTRKIT_TRY_ASSIGN(auto file, open(place));
    if (size > file_offset_end) {
        return fail(ErrorKind::no_space, fmt::format("{} bytes are more than a file can have", size));
    }
    return close_after(resize_open(file, size), file);
}

Result<void> FileDataEditor::resize_open(Open& file, u64 size) {
    BTRKIT_TRY_ASSIGN(const bool was_inline, is_inline(file));
    if (was_inline && size <= max_inline_bytes) {
        // What is only cut is as old as it was, as in the kernel.
        BTRKIT_TRY_ASSIGN(const auto old, file.items.first_beyond(0));
        const u64 generation = size < file.inode.size ? old->generation : inodes_->transaction().generation();
        BTRKIT_TRY_ASSIGN(auto plain, take_inline(file));
        if (size < file.inode.size) {
            BTRKIT_TRY(drop(file, {end_of(*old), file_offset_end}));
        }
        plain.resize(size);
        file.inode.size = size;
        return put_inline(file, plain, generation);
    }
    BTRKIT_TRY(spill_inline(file));
    if (size < file.inode.size) {
        BTRKIT_TRY(drop(file, {round_up(size, sectorsize()), file_offset_end}));
        BTRKIT_TRY(zero(file, size, round_up(size, sectorsize())));
        file.inode.size = size;
    }
    return reach(file, size);
}

Result<void> FileDataEditor::write(const PlaceInTree& place, u64 offset, Bytes bytes) {
    BTRKIT_TRY_ASSIGN(auto file, open(place));
    const u64 end = offset + bytes.size();
    if (bytes.empty()) {
        return {};
    }
    if (offset > file_offset_end || end > file_offset_end) {
        return fail(ErrorKind::no_space, fmt::format("{} bytes are more than a file can have", end));
    }
    return close_after(write_open(file, offset, bytes), file);
}

Result<void> FileDataEditor::write_open(Open& file, u64 offset, Bytes bytes) {
    BTRKIT_TRY_ASSIGN(const bool is_done, write_inline(file, offset, bytes));
    if (is_done) {
        return {};
    }
    const u64 new_size = std::max(file.inode.size, offset + bytes.size());
    BTRKIT_TRY(spill_inline(file));
    BTRKIT_TRY(reach(file, offset));
    while (!bytes.empty()) {
        const Bytes part = bytes.first(std::min<u64>(bytes.size(), most_written_bytes - offset % sectorsize()));
        BTRKIT_TRY(write_sectors(file, offset, part, new_size));
        offset += part.size();
        bytes = bytes.subspan(part.size());
        file.inode.size = std::max(file.inode.size, offset);
    }
    return {};
}

/// Where all of the file is, and stays, so small that it stands in the tree. False: it is not.
Result<bool> FileDataEditor::write_inline(Open& file, u64 offset, Bytes bytes) {
    BTRKIT_TRY_ASSIGN(const auto first, file.items.first_beyond(0));
    const u64 new_size = std::max(file.inode.size, offset + bytes.size());
    const bool was_inline = first && first->kind == ExtentKind::inline_data;
    const bool is_fresh = !first && file.inode.size == 0;
    if (new_size > max_inline_bytes || !(was_inline || is_fresh)) {
        return false;
    }
    std::vector<std::byte> plain;
    if (was_inline) {
        BTRKIT_TRY_ASSIGN(plain, take_inline(file));
    }
    plain.resize(new_size);
    std::ranges::copy(bytes, plain.begin() + static_cast<std::ptrdiff_t>(offset));
    file.inode.size = new_size;
    BTRKIT_TRY(put_inline(file, plain));
    return true;
}

/// A part, with what stands beside it in its first and last sector. new_size: of the file when all is written.
Result<void> FileDataEditor::write_sectors(Open& file, u64 offset, Bytes part, u64 new_size) {
    const Range sectors = sectors_of(range_from(offset, part.size()));
    std::vector<std::byte> buffer(sectors.length());
    if (sectors.start < offset) {
        BTRKIT_TRY(read_sectors(file, sectors.start, MutableBytes(buffer).first(sectorsize())));
    }
    if (offset + part.size() < std::min(sectors.end, file.inode.size)) {
        BTRKIT_TRY(read_sectors(file, sectors.end - sectorsize(), MutableBytes(buffer).last(sectorsize())));
    }
    std::ranges::copy(part, buffer.begin() + static_cast<std::ptrdiff_t>(offset - sectors.start));
    if (sectors.end > new_size) {
        std::ranges::fill(MutableBytes(buffer).subspan(new_size - sectors.start), std::byte{0});
    }
    return store_sectors(file, sectors.start, buffer);
}

Result<void> FileDataEditor::write_packed(const PlaceInTree& place, u64 offset, const PackedData& data) {
    BTRKIT_TRY_ASSIGN(auto file, open(place));
    const u64 end = offset + data.length;
    const Range sectors = sectors_of({offset, end});
    const bool is_whole = is_aligned(offset, sectorsize()) && (is_aligned(end, sectorsize()) || end >= file.inode.size);
    const bool is_within = is_aligned(data.offset_in_plain, sectorsize()) && data.length > 0 &&
                           data.offset_in_plain <= data.plain_bytes &&
                           sectors.length() <= data.plain_bytes - data.offset_in_plain;
    if (!is_whole || !is_within || end > file_offset_end || !file.inode.has_checksums()) {
        return fail(ErrorKind::usage, "compressed data can't stand there as it is");
    }
    return close_after(write_packed_open(file, offset, data), file);
}

Result<void> FileDataEditor::write_packed_open(Open& file, u64 offset, const PackedData& data) {
    auto& transaction = inodes_->transaction();
    const u64 end = offset + data.length;
    const Range sectors = sectors_of({offset, end});
    BTRKIT_TRY(spill_inline(file));
    BTRKIT_TRY(reach(file, offset));
    BTRKIT_TRY(drop(file, sectors));
    BTRKIT_TRY_ASSIGN(const auto range, store_data(transaction, data.packed, data.csums, true));
    transaction.bear_data(file.place.tree, range);
    transaction.add_incompat(incompat_of(data.compression));
    file.items.put({.kind = ExtentKind::regular,
                    .offset = offset,
                    .length = sectors.length(),
                    .generation = transaction.generation(),
                    .compression = data.compression,
                    .ram_bytes = data.plain_bytes,
                    .disk = {range.start},
                    .disk_num_bytes = range.length(),
                    .offset_in_extent = data.offset_in_plain});
    file.inode.nbytes += sectors.length();
    file.inode.size = std::max(file.inode.size, end);
    return {};
}

Result<void> FileDataEditor::punch(const PlaceInTree& place, Range range) {
    BTRKIT_TRY_ASSIGN(auto file, open(place));
    range.end = std::min(range.end, round_up(file.inode.size, sectorsize()));
    return range.start < range.end ? close_after(punch_open(file, range), file) : Result<void>();
}

Result<void> FileDataEditor::punch_open(Open& file, Range range) {
    BTRKIT_TRY_ASSIGN(const bool was_inline, is_inline(file));
    if (was_inline && file.inode.size <= max_inline_bytes) {
        return punch_inline(file, range);
    }
    BTRKIT_TRY(spill_inline(file));
    const Range whole = {round_up(range.start, sectorsize()), round_down(range.end, sectorsize())};
    BTRKIT_TRY(zero(file, range.start, std::min(whole.start, range.end)));
    if (whole.start <= whole.end) {
        BTRKIT_TRY(zero(file, whole.end, range.end));
    }
    if (whole.start < whole.end) {
        BTRKIT_TRY(drop(file, whole));
        BTRKIT_TRY(file.items.fill_holes(whole));
    }
    return {};
}

Result<void> FileDataEditor::punch_inline(Open& file, Range range) {
    BTRKIT_TRY_ASSIGN(auto plain, take_inline(file));
    plain.resize(file.inode.size);
    const u64 end = std::min<u64>(range.end, plain.size());
    const u64 start = std::min(range.start, end);
    std::ranges::fill(MutableBytes(plain).subspan(start, end - start), std::byte{0});
    return put_inline(file, plain);
}

Result<void> FileDataEditor::preallocate(const PlaceInTree& place, Range range, bool keeps_size) {
    BTRKIT_TRY_ASSIGN(auto file, open(place));
    if (range.start >= range.end || range.end > file_offset_end) {
        return fail(ErrorKind::usage, "there is nothing to preallocate");
    }
    return close_after(preallocate_open(file, range, keeps_size), file, btrfs::inode_prealloc);
}

Result<void> FileDataEditor::preallocate_open(Open& file, Range range, bool keeps_size) {
    BTRKIT_TRY(spill_inline(file));
    if (!keeps_size) {
        BTRKIT_TRY(reach(file, range.end));
    }
    const Range sectors = sectors_of(range);
    for (u64 at = sectors.start; at < sectors.end;) {
        BTRKIT_TRY(inodes_->transaction().relieve());
        BTRKIT_TRY_ASSIGN(at, preallocate_gap(file, at, sectors.end));
    }
    return {};
}

/// What stands at that offset, or a piece of space where it is a hole; returns where that ends.
Result<u64> FileDataEditor::preallocate_gap(Open& file, u64 at, u64 end) {
    auto& transaction = inodes_->transaction();
    BTRKIT_TRY_ASSIGN(const auto extent, file.items.first_beyond(at));
    const bool stands_here = extent && extent->offset <= at;
    if (stands_here && extent->kind != ExtentKind::hole) {
        return end_of(*extent);
    }
    u64 gap_end = end;
    if (extent) {
        gap_end = std::min(end, stands_here ? end_of(*extent) : extent->offset);
    }
    BTRKIT_TRY_ASSIGN(const auto taken, transaction.take_data(std::min(gap_end - at, max_extent_bytes), false));
    BTRKIT_TRY(drop(file, range_from(at, taken.length())));
    add_extent(file, ExtentKind::prealloc, at, taken);
    return at + taken.length();
}

Result<void> FileDataEditor::clone(const PlaceInTree& from, Range range, const PlaceInTree& to, u64 offset) {
    BTRKIT_TRY_ASSIGN(auto* source_tree, inodes_->transaction().tree(from.tree));
    BTRKIT_TRY_ASSIGN(const auto source_inode, inodes_->get(from));
    BTRKIT_TRY_ASSIGN(auto target, open(to));
    if (!S_ISREG(source_inode.mode)) {
        return no_data_change("what is to be shared is no regular file");
    }
    if (source_inode.has_checksums() != target.inode.has_checksums()) {
        return no_data_change("one of the files has checksums and the other has not: they can't share data");
    }
    const u64 new_end = offset + range.length();
    const bool ends_well =
        is_aligned(range.end, sectorsize()) || (range.end == source_inode.size && new_end >= target.inode.size);
    if (range.start > range.end || range.end > source_inode.size || !is_aligned(range.start, sectorsize()) ||
        !is_aligned(offset, sectorsize()) || !ends_well || new_end > file_offset_end) {
        return fail(ErrorKind::usage, "only whole sectors within a file can be shared");
    }
    const bool is_same_file = from.tree == to.tree && from.inode == to.inode;
    if (is_same_file && offset < range.end && range.start < new_end) {
        return fail(ErrorKind::usage, "a file can't share a range with itself");
    }
    if (range.start == range.end) {
        return {};
    }
    Open source = {.place = from,
                   .inode = source_inode,
                   .items = FileExtentItems(*source_tree, from.tree, inodes_->transaction().geometry(), from.inode)};
    // A file that grew without being written there may go on behind its inline data.
    BTRKIT_TRY_ASSIGN(const bool source_is_inline, is_inline(source));
    BTRKIT_TRY_ASSIGN(const auto first, source.items.first_beyond(0));
    const u64 inline_end = source_is_inline ? std::min(range.end, end_of(*first)) : 0;
    if (range.start < inline_end) {
        BTRKIT_TRY(clone_inline(source, {range.start, inline_end}, to, offset));
        offset += inline_end - range.start;
        range.start = inline_end;
        BTRKIT_TRY_ASSIGN(target, open(to));
    } else {
        BTRKIT_TRY(spill_inline(target));
    }
    return range.start == range.end ? Result<void>()
                                    : close_after(clone_extents(source, range, target, offset), target);
}

/// Inline data has no extent to share: it is copied; as it stands where it is all of it and the target is empty, so
/// that who compares generations finds that nothing has changed.
Result<void> FileDataEditor::clone_inline(Open& source, Range range, const PlaceInTree& to, u64 offset) {
    BTRKIT_TRY_ASSIGN(auto target, open(to));
    BTRKIT_TRY_ASSIGN(const auto there, target.items.first_beyond(0));
    BTRKIT_TRY_ASSIGN(const auto extent, source.items.first_beyond(0));
    const bool is_whole = range.start == 0 && range.end == std::min(source.inode.size, end_of(*extent));
    if (!there && target.inode.size == 0 && offset == 0 && is_whole) {
        target.items.put(*extent);
        target.inode.nbytes = counted_bytes(*extent);
        target.inode.size = range.end;
        return close(target);
    }
    std::vector<std::byte> plain(round_up(range.end, sectorsize()));
    BTRKIT_TRY(read_sectors(source, 0, plain));
    return write(to, offset, Bytes(plain).subspan(range.start, range.length()));
}

Result<void> FileDataEditor::clone_extents(Open& source, Range range, Open& target, u64 offset) {
    BTRKIT_TRY(reach(target, offset));
    const Range sectors = sectors_of(range);
    BTRKIT_TRY(drop(target, range_from(offset, sectors.length())));
    for (u64 at = sectors.start; at < sectors.end;) {
        BTRKIT_TRY_ASSIGN(const auto extent, source.items.first_beyond(at));
        if (!extent || extent->offset >= sectors.end) {
            break;
        }
        const Range part = {std::max(at, extent->offset), std::min(sectors.end, end_of(*extent))};
        at = part.end;
        auto shared = part_of(*extent, part);
        shared.offset = offset + (part.start - sectors.start);
        target.items.put(shared);
        target.inode.nbytes += counted_bytes(shared);
        BTRKIT_TRY(inodes_->transaction().relieve());
    }
    target.inode.size = std::max(target.inode.size, offset + range.length());
    return target.items.fill_holes(range_from(offset, sectors.length()));
}

Result<void> FileDataEditor::read(const PlaceInTree& place, u64 offset, MutableBytes out) {
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->transaction().tree(place.tree));
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get(place));
    Open file = {.place = place,
                 .inode = inode,
                 .items = FileExtentItems(*tree, place.tree, inodes_->transaction().geometry(), place.inode)};
    const Range sectors = sectors_of(range_from(offset, out.size()));
    std::vector<std::byte> buffer(sectors.length());
    BTRKIT_TRY(read_sectors(file, sectors.start, buffer));
    if (sectors.end > inode.size) {
        const u64 held = std::max(inode.size, sectors.start) - sectors.start;
        std::ranges::fill(MutableBytes(buffer).subspan(std::min<u64>(held, buffer.size())), std::byte{0});
    }
    std::ranges::copy(Bytes(buffer).subspan(offset - sectors.start, out.size()), out.begin());
    return {};
}

} // namespace btrkit
