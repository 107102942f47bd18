// SPDX-License-Identifier: MIT
// Of Contents: ranges that a receiver can clone, as far as the source really has the same bytes of the extent.
//
// What receivers' clone operations demand: ends that are aligned to sectors, or are the end of both files; sources
// that exist by then.
#include "formats/btrfs/item_types.h"
#include "libfs/ops/send/data/contents.h"

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

/// The largest sector size there is: nobody knows that of the receiver.
constexpr u64 largest_sector_bytes = u64{64} << 10;

constexpr u64 most_bytes_at_once = u64{1} << 20;

} // namespace

Result<void> Contents::write_or_clone(const Extent& extent, const std::optional<CloneSource>& source) {
    const u64 end = std::min(extent->offset + extent->length, current_.size);
    if (extent->offset >= end) {
        return {};
    }
    const Range range{.offset = extent->offset, .length = end - extent->offset};
    BTRKIT_TRY_ASSIGN(const auto may_clone, source ? may_clone_up_to(end, *source, range) : Result<bool>(false));
    auto done = may_clone ? clone_range(extent, *source, range) : write(extent, range);
    current_.next_write_offset = end;
    return done;
}

/// Whether only the source can't be read, past errors.
bool Contents::may_write_instead(const Error& error) const {
    return snapshots_.sent->stands_in() && !output_.failure() &&
           (error.kind == ErrorKind::damaged || error.kind == ErrorKind::unsupported);
}

bool Contents::can_read(const FileExtent& extent, const Range& range) {
    const auto inode = snapshots_.sent->need_inode(current_.number);
    std::vector<std::byte> bytes(std::min(round_up(range.length, sectorsize_), most_bytes_at_once));
    bool is_good = inode.has_value();
    if (!extent.is_data()) {
        return true;
    }
    for (u64 at = 0; is_good && at < range.length && !mode_.no_data; at += bytes.size()) {
        const u64 length = std::min<u64>(bytes.size(), round_up(range.length - at, sectorsize_));
        is_good = reader_
                      .read(extent, inode->has_checksums(), range.offset - extent.offset + at,
                            MutableBytes(bytes).first(length))
                      .has_value();
    }
    return is_good;
}

/// An end within a sector can be cloned where it is the end of both files.
Result<bool> Contents::may_clone_up_to(u64 end, const CloneSource& source, const Range& range) {
    if (is_aligned(end, sectorsize_)) {
        return true;
    }
    if (end != current_.size) {
        return false;
    }
    const auto inode = sources_.snapshot(source.tree).need_inode(source.inode);
    if (!inode && may_write_instead(inode.error())) {
        return false;
    }
    if (!inode || source.offset + range.length != inode->size) {
        return inode ? Result<bool>(false) : std::unexpected(inode.error());
    }
    if (snapshots_.parent != nullptr) {
        // The receiver's file may be longer as yet, and the end of the range then be none of the file.
        const auto path = current_path();
        BTRKIT_TRY(path ? commands_.truncate(*path, range.offset) : std::unexpected(path.error()));
    }
    return true;
}

Result<void> Contents::send_clone(const CloneSource& source, const Range& range) {
    auto& snapshot = sources_.snapshot(source.tree);
    Result<std::string> source_path;
    if (sources_.is_sent(source.tree)) {
        const auto generation = snapshot.generation_of(source.inode);
        source_path = generation ? paths_.path_of(source.inode, *generation) : std::unexpected(generation.error());
    } else {
        source_path = snapshot.path_of(source.inode);
    }
    BTRKIT_TRY_ASSIGN(const auto path, source_path ? current_path() : std::unexpected(source_path.error()));
    bytes_sent_ += range.length;
    return commands_.clone(path, range.offset, range.length, snapshot.subvolume(), *source_path, source.offset);
}

/// How far clone_range() is.
struct Contents::CloneWalk {
    const Extent& extent; ///< of the current inode
    CloneSource source;   ///< where the rest of the range is in the source
    Range rest;           ///< of the current inode
    u64 offset_in_extent; ///< where the rest is in the extent
    u64 source_size;

    void advance(u64 length) {
        rest.offset += length;
        rest.length -= length;
        source.offset += length;
        offset_in_extent += length;
    }
};

/// The source may show the extent in pieces, with other extents and holes between them: those pieces are cloned, the
/// rest is written.
Result<void> Contents::clone_range(const Extent& extent, CloneSource source, Range range) {
    // A receiver that compresses may have made such an extent inline, and inline extents can't be cloned elsewhere.
    if (source.offset == 0 && range.length == sectorsize_) {
        return write(extent, range);
    }
    // What this stream has left out can't be cloned, and is to be named for each file that lacks it.
    if (mode_.skips_errors && sources_.is_sent(source.tree) && !can_read(*extent, range)) {
        return write(extent, range);
    }
    auto& snapshot = sources_.snapshot(source.tree);
    const auto inode = snapshot.need_inode(source.inode);
    if (!inode) {
        return may_write_instead(inode.error()) ? write(extent, range) : std::unexpected(inode.error());
    }
    auto items = snapshot.search();
    auto there = items.seek_back({source.inode, type::extent_data, source.offset});
    if (there && (!*there || items.key().objectid != source.inode || items.key().type != type::extent_data)) {
        there = items.seek({source.inode, type::extent_data, source.offset});
    }
    CloneWalk walk{.extent = extent,
                   .source = source,
                   .rest = range,
                   .offset_in_extent = extent->offset_in_extent,
                   .source_size = inode->size};
    Result<void> done;
    for (; there && *there && walk.rest.length != 0; there = items.next()) {
        const auto key = items.key();
        if (key.objectid != source.inode || key.type != type::extent_data) {
            break;
        }
        const auto source_extent = parse_file_extent(snapshot.id(), key, items.data(), sectorsize_);
        const auto more = source_extent ? clone_step(walk, *source_extent) : std::unexpected(source_extent.error());
        if (!more) {
            done = std::unexpected(more.error());
        }
        if (!more || !*more) {
            break;
        }
    }
    if (done && !there) {
        done = std::unexpected(there.error());
    }
    if (!done && !may_write_instead(done.error())) {
        return done;
    }
    return walk.rest.length != 0 ? write(extent, walk.rest) : Result<void>();
}

/// Sends what one extent of the source has of the rest. False: nothing more can be cloned.
Result<bool> Contents::clone_step(CloneWalk& walk, const FileExtent& source_extent) {
    auto& [extent, source, rest, offset_in_extent, source_size] = walk;
    u64 source_length = source_extent.length;
    if (source_extent.offset + source_length <= source.offset) {
        return true;
    }
    if (source_extent.offset > source.offset) {
        const u64 hole_length = std::min(source_extent.offset - source.offset, rest.length);
        BTRKIT_TRY(write(extent, {rest.offset, hole_length}));
        walk.advance(hole_length);
        if (rest.length == 0) {
            return false;
        }
    }
    if (source_extent.offset >= source.offset + rest.length || source_extent.offset >= source_size) {
        return false;
    }
    const bool crosses_end = source_extent.offset + source_length > source_size;
    if (crosses_end) {
        source_length = source_size - source_extent.offset;
    }
    const bool shows_the_same = stand_on_same_bytes(walk, source_extent, source_length);
    const Range part{.offset = rest.offset, .length = std::min(source_length, rest.length)};
    if (!shows_the_same && crosses_end && part.length < rest.length) {
        return false; // one write of all the rest, rather than two
    }
    BTRKIT_TRY(shows_the_same ? clone_part(walk, part) : write(extent, part));
    walk.advance(part.length);
    // What this stream has not yet written of the file itself can't be cloned.
    const bool is_own = sources_.is_sent(source.tree) && source.inode == current_.number;
    return rest.length != 0 && (!is_own || source.offset < current_.next_write_offset);
}

/// Goes on in the source to where it shows the byte of the extent that the rest begins with, and shortens source_length
/// by that. False: it shows others.
bool Contents::stand_on_same_bytes(CloneWalk& walk, const FileExtent& source_extent, u64& source_length) {
    if (source_extent.kind == ExtentKind::inline_data || source_extent.disk != walk.extent->disk) {
        return false;
    }
    walk.source.offset = source_extent.offset;
    u64 offset_in_extent = source_extent.offset_in_extent;
    if (offset_in_extent < walk.offset_in_extent && offset_in_extent + source_length > walk.offset_in_extent) {
        const u64 skipped = walk.offset_in_extent - offset_in_extent;
        source_length -= skipped;
        offset_in_extent += skipped;
        walk.source.offset += skipped;
    }
    return offset_in_extent == walk.offset_in_extent;
}

/// The last block of a file can't be cloned into the middle of another.
Result<void> Contents::clone_part(const CloneWalk& walk, const Range& part) {
    const u64 source_end = walk.source.offset + part.length;
    const bool ends_within_ours = source_end == walk.source_size && part.end() < current_.size;
    if (!ends_within_ours || is_aligned(source_end, largest_sector_bytes)) {
        return send_clone(walk.source, part);
    }
    const u64 aligned_length = round_down(part.length, largest_sector_bytes);
    auto done = aligned_length != 0 ? send_clone(walk.source, {part.offset, aligned_length}) : Result<void>();
    return done ? write(walk.extent, {part.offset + aligned_length, part.length - aligned_length}) : done;
}

} // namespace btrkit::send
