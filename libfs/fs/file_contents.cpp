// SPDX-License-Identifier: MIT
#include "libfs/fs/file_contents.h"

#include "formats/btrfs/item_types.h"

namespace btrkit {

namespace {

KeyRange extent_keys(u64 inode, u64 from) {
    return KeyRange::through({inode, btrfs::item_type::extent_data, from},
                             {inode, btrfs::item_type::extent_data, ~u64{0}});
}

} // namespace

FileContents::FileContents(const Filesystem& filesystem, ProblemSink report, FileContentsOptions options)
    : filesystem_(&filesystem), options_(options), reader_(filesystem, std::move(report)) {}

void FileContents::open(const InodePlace& place, const Inode& inode, u64 from, u64 end) {
    place_ = place;
    inode_ = inode;
    end_ = std::min(end, inode.size);
    position_ = std::min(from, end_);
    extents_.emplace(*filesystem_, place, inode);
    part_.reset();
    doubtful_end_ = 0;
}

std::optional<ContentRun> FileContents::next() {
    if (position_ >= end_ || !find_part()) {
        return std::nullopt;
    }
    const u64 part_end = part_->extent.offset + part_->extent.length;
    const u64 length = std::min(part_end, end_) - position_;
    ContentRun run{.offset = position_, .length = length};
    if (part_->damage) {
        run.damage = part_->damage;
    } else if (part_->extent.is_data()) {
        run = position_ < doubtful_end_ ? sector_run() : data_run(std::min(length, FileReader::most_run_bytes));
    }
    position_ = run.offset + run.length;
    return run;
}

/// Goes on to the part that holds the position.
bool FileContents::find_part() {
    while (!part_ || part_->extent.offset + part_->extent.length <= position_) {
        if (!extents_) {
            hold_lost(position_, end_, {ErrorKind::damaged, "its extents are lost"});
            return true;
        }
        auto extent = extents_->next();
        if (!extent) {
            pass_lost(std::move(extent.error()));
        } else if (*extent) {
            part_.emplace();
            part_->extent = std::move(**extent);
        } else {
            return false;
        }
    }
    return true;
}

void FileContents::hold_lost(u64 begin, u64 end, Error damage) {
    part_.emplace();
    part_->extent.offset = begin;
    part_->extent.length = end - begin;
    part_->damage = std::move(damage);
}

/// From where extents were known last up to the next one that is there and makes sense.
void FileContents::pass_lost(Error damage) {
    const u64 begin = part_ ? part_->extent.offset + part_->extent.length : 0;
    ItemRange items(filesystem_->reader(), place_.tree.block, extent_keys(place_.inode, begin));
    const u32 sectorsize = filesystem_->geometry().sectorsize;
    for (;;) {
        const auto there = items.next();
        if (there && !*there) {
            extents_.reset();
            return hold_lost(begin, std::max(inode_.size, begin + 1), std::move(damage));
        }
        const u64 end = there ? items.key().offset : 0;
        if (end > begin && parse_file_extent(place_.tree.id, items.key(), items.data(), sectorsize)) {
            extents_.emplace(*filesystem_, place_, inode_, end);
            return hold_lost(begin, end, std::move(damage));
        }
    }
}

Result<void> FileContents::read(u64 into_extent, u64 length, bool verify) {
    const u64 whole = round_up(length, filesystem_->geometry().sectorsize);
    read_.resize(std::max(read_.size(), std::size_t{whole}));
    return reader_.read(part_->extent, verify, into_extent, MutableBytes(read_).first(whole));
}

/// From the position on.
ContentRun FileContents::data_run(u64 length) {
    const auto& extent = part_->extent;
    const u64 into_extent = position_ - extent.offset;
    const u64 in_sector = into_extent % filesystem_->geometry().sectorsize;
    auto done = read(into_extent - in_sector, in_sector + length, inode_.has_checksums());
    if (done) {
        return {.offset = position_, .length = length, .bytes = Bytes(read_).subspan(in_sector, length)};
    }
    if (extent.is_compressed() || extent.kind == ExtentKind::inline_data) {
        return bad_run(length, std::move(done.error()));
    }
    doubtful_end_ = position_ + length;
    return sector_run();
}

ContentRun FileContents::sector_run() {
    const u32 sectorsize = filesystem_->geometry().sectorsize;
    const u64 into_extent = position_ - part_->extent.offset;
    const u64 in_sector = into_extent % sectorsize;
    const u64 length = std::min(doubtful_end_ - position_, sectorsize - in_sector);
    auto done = read(into_extent - in_sector, in_sector + length, inode_.has_checksums());
    if (!done) {
        return bad_run(length, std::move(done.error()));
    }
    return {.offset = position_, .length = length, .bytes = Bytes(read_).subspan(in_sector, length)};
}

ContentRun FileContents::bad_run(u64 length, Error damage) {
    ContentRun run{.offset = position_, .length = length, .damage = std::move(damage)};
    const u64 into_extent = position_ - part_->extent.offset;
    const u64 in_sector = into_extent % filesystem_->geometry().sectorsize;
    if (options_.unproven_bytes && read(into_extent - in_sector, in_sector + length, false)) {
        run.bytes = Bytes(read_).subspan(in_sector, length);
    }
    return run;
}

} // namespace btrkit
