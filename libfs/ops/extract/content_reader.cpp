// SPDX-License-Identifier: MIT
#include "libfs/ops/extract/content_reader.h"

#include "formats/btrfs/item_types.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::extract {

namespace {

constexpr std::size_t cache_bytes = std::size_t{8} << 20;
constexpr u32 nobody_id = 65534;              // what kernels show for ids that no map has
constexpr std::size_t longest_symlink = 4095; // more than a kernel takes, on any filesystem

void note(std::string& why, std::string_view what) {
    if (why.empty()) {
        why = what;
    }
}

/// Whether one reads on where the other ends, and both can be read as they stand. The end of a file is within a sector
/// that is all its own.
bool follows(const Slice& one, const Slice& other, u32 sectorsize) {
    return one.extent.kind == ExtentKind::regular && other.extent.kind == ExtentKind::regular &&
           !one.extent.is_compressed() && !other.extent.is_compressed() &&
           one.extent.disk + one.extent.offset_in_extent + one.into_extent + round_up(one.length, sectorsize) ==
               other.extent.disk + other.extent.offset_in_extent + other.into_extent;
}

ExtentData data_of(const Slice& slice) {
    return {.disk = slice.extent.kind == ExtentKind::regular ? slice.extent.disk.bytenr : 0,
            .in_extent = slice.extent.offset_in_extent + slice.into_extent,
            .compression = slice.extent.compression};
}

u64 disk_place(const Slice& slice) {
    return slice.extent.kind == ExtentKind::regular
               ? slice.extent.disk.bytenr +
                     (slice.extent.is_compressed() ? 0 : slice.extent.offset_in_extent + slice.into_extent)
               : 0;
}

} // namespace

ContentReader::ContentReader(const Filesystem& filesystem, Bad bad, const source::Ownership& ownership,
                             ProblemSink problems)
    : bad_(bad), ownership_(ownership), sectorsize_(filesystem.geometry().sectorsize), problems_(std::move(problems)),
      cache_(filesystem.reader(), cache_bytes), reader_(filesystem, problems_) {}

InodeItems& ContentReader::items_of(const TreeRoot& tree) {
    if (!items_ || tree_ != tree.id) {
        tree_ = tree.id;
        items_.emplace(cache_, tree.block);
    }
    return *items_;
}

void ContentReader::read_xattrs(Member& member) {
    namespace type = btrfs::item_type;
    auto& items = items_of(member.place.tree);
    const btrfs::Key last{member.inode.number, type::xattr_item, ~u64{0}};
    for (bool there = items.seek({member.inode.number, type::xattr_item, 0}); there && items.key() <= last;
         there = items.next()) {
        const auto xattrs = parse_xattrs(items.data());
        if (!xattrs) {
            note(member.why, "an extended attribute is malformed");
            continue;
        }
        for (const auto& [name, value] : *xattrs) {
            member.xattrs.push_back({std::string(name), std::string(value)});
        }
    }
    if (items.missed_count() != 0) {
        note(member.why, "extended attributes may be lost");
    }
    set_owner(member);
}

void ContentReader::set_owner(Member& member) const {
    auto& inode = member.inode;
    if (const auto done = source::set_ownership_of(inode.uid, inode.gid, member.xattrs, ownership_); !done) {
        inode.uid = inode.gid = nobody_id;
        inode.mode &= ~u32{S_ISUID | S_ISGID};
        note(member.why, done.error().message);
    }
}

FileParts& ContentReader::begin_parts(const Member& file) {
    auto& items = items_of(file.place.tree);
    items.seek({file.inode.number, btrfs::item_type::extent_data, 0});
    parts_.emplace(file.place.tree.id, sectorsize_);
    parts_->begin(items, file.inode);
    return *parts_;
}

u64 ContentReader::size_by_extents(const InodePlace& place) {
    namespace type = btrfs::item_type;
    auto& items = items_of(place.tree);
    const btrfs::Key last{place.inode, type::extent_data, ~u64{0}};
    u64 size = 0;
    for (bool there = items.seek({place.inode, type::extent_data, 0}); there && items.key() <= last;
         there = items.next()) {
        const auto extent = parse_file_extent(place.tree.id, items.key(), items.data(), sectorsize_);
        if (extent && extent->is_data()) {
            const u64 length = extent->kind == ExtentKind::inline_data ? extent->ram_bytes : extent->length;
            size = std::max(
                size, std::min<u64>(range_from(extent->offset, length).end, std::numeric_limits<std::int64_t>::max()));
        }
    }
    return size;
}

void ContentReader::gather(Member& member, std::size_t owner, std::vector<Slice>& slices) {
    auto& parts = begin_parts(member);
    while (auto part = parts.next()) {
        if (part->is_lost()) {
            member.bad.append(range_from(part->extent.offset, part->extent.length));
            note(member.why, "what stands there is lost");
            continue;
        }
        const u64 length = part->extent.length;
        slices.push_back({.extent = std::move(part->extent), .length = length, .owner = owner});
    }
}

/// A slice by itself, and where that fails, sector by sector. Whether all of it is good.
template <class OnBad>
bool ContentReader::read_one(const Slice& slice, bool verify, MutableBytes out, OnBad&& on_bad) {
    const auto done = reader_.read(slice.extent, verify, slice.into_extent, out);
    if (done) {
        return true;
    }
    const bool is_whole = slice.extent.kind != ExtentKind::regular || slice.extent.is_compressed();
    const u64 step = is_whole ? out.size() : sectorsize_;
    for (u64 at = 0; at < out.size(); at += step) {
        const auto part = out.subspan(at, step);
        const auto again = is_whole ? done : reader_.read(slice.extent, verify, slice.into_extent + at, part);
        if (again) {
            continue;
        }
        on_bad(slice, range_from(slice.offset() + at, std::min(step, slice.length - std::min(slice.length, at))),
               again.error());
        if (bad_ != Bad::raw || !reader_.read(slice.extent, false, slice.into_extent + at, part)) {
            std::ranges::fill(part, std::byte{0});
        }
    }
    return false;
}

/// In the order of the devices, as few requests as possible; an uncompressed extent goes straight to where it stays.
template <class OnRun, class OnBad>
void ContentReader::read_slices(std::vector<Slice>& slices, std::vector<std::byte>& room, OnRun&& on_run,
                                OnBad&& on_bad, const std::function<bool(std::size_t)>& verifies) {
    std::ranges::sort(slices, {}, [](const Slice& slice) { return std::pair(disk_place(slice), slice.offset()); });
    std::size_t size = 0;
    for (const auto& slice : slices) {
        size += round_up(slice.length, sectorsize_);
    }
    if (room.size() < size) {
        room.resize(size);
    }
    MutableBytes rest(room);
    for (std::size_t i = 0; i < slices.size();) {
        std::size_t end = i + 1;
        u64 together = round_up(slices[i].length, sectorsize_);
        const bool verify = verifies(slices[i].owner);
        while (end < slices.size() && follows(slices[end - 1], slices[end], sectorsize_) &&
               verifies(slices[end].owner) == verify) {
            together += round_up(slices[end++].length, sectorsize_);
        }
        const auto out = rest.first(together);
        rest = rest.subspan(together);
        const bool is_read = end - i > 1 && reader_
                                                .read_stored(slices[i].extent.disk + slices[i].extent.offset_in_extent +
                                                                 slices[i].into_extent,
                                                             out, verify)
                                                .has_value();
        u64 at = 0;
        for (; i < end; ++i) {
            const auto own = out.subspan(at, round_up(slices[i].length, sectorsize_));
            at += own.size();
            const bool is_good = is_read || read_one(slices[i], verify, own, on_bad);
            on_run(slices[i], Run{.offset = slices[i].offset(),
                                  .bytes = own.first(slices[i].length),
                                  .data = is_good ? data_of(slices[i]) : ExtentData()});
        }
    }
}

void ContentReader::read_symlink(Member& member) {
    std::vector<Slice> slices;
    member.inode.size = std::min<u64>(member.inode.size, longest_symlink);
    gather(member, 0, slices);
    std::string target;
    if (slices.size() == 1 && member.bad.empty()) {
        const auto& slice = slices.front();
        // As it is stored: btrfs-convert has counted an ending NUL, or not.
        const u64 length = slice.extent.kind == ExtentKind::inline_data
                               ? std::min<u64>(slice.extent.ram_bytes, longest_symlink)
                               : slice.length;
        std::vector<std::byte> bytes(round_up(length, sectorsize_));
        if (reader_.read(slice.extent, member.inode.has_checksums(), 0, bytes)) {
            target = as_text(Bytes(bytes).first(length));
            target.resize(std::min(target.find('\0'), target.size()));
        }
    }
    member.bad = {};
    if (target.empty()) {
        return member.leave_out("where the symbolic link leads can't be read");
    }
    member.target = std::move(target);
}

void ContentReader::read(Batch& batch) {
    std::vector<Slice> slices;
    for (std::size_t i = 0; i < batch.members.size(); ++i) {
        auto& member = batch.members[i];
        if (member.outcome != Outcome::made || member.kind == MemberKind::hard_link) {
            continue;
        }
        read_xattrs(member);
        if (member.kind == MemberKind::symlink) {
            read_symlink(member);
        } else if (member.kind == MemberKind::file) {
            gather(member, i, slices);
        }
    }
    read_slices(
        slices, *batch.room,
        [&](const Slice& slice, const Run& run) { batch.members[slice.owner].runs.push_back(run); },
        [&](const Slice& slice, Range range, const Error& error) {
            auto& member = batch.members[slice.owner];
            member.bad.insert(range);
            note(member.why, error.message);
        },
        [&](std::size_t owner) { return batch.members[owner].inode.has_checksums(); });
    for (auto& member : batch.members) {
        std::ranges::sort(member.runs, {}, &Run::offset);
        if (bad_ == Bad::skip && !member.bad.empty()) {
            member.leave_out("damaged, and left out");
        }
    }
}

void ContentReader::read_piece(Batch& piece) {
    const bool verify = piece.large->inode.has_checksums();
    for (const auto& slice : piece.slices) {
        if (slice.is_lost()) {
            piece.bad.insert(range_from(slice.offset(), slice.length));
            note(piece.why, "what stands there is lost");
        }
    }
    std::erase_if(piece.slices, [](const Slice& slice) { return slice.is_lost(); });
    read_slices(
        piece.slices, *piece.room, [&](const Slice&, const Run& run) { piece.runs.push_back(run); },
        [&](const Slice&, Range range, const Error& error) {
            piece.bad.insert(range);
            note(piece.why, error.message);
        },
        [&](std::size_t) { return verify; });
    std::ranges::sort(piece.runs, {}, &Run::offset);
}

} // namespace btrkit::extract
