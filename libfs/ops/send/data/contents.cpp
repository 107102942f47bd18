// SPDX-License-Identifier: MIT
#include "libfs/ops/send/data/contents.h"

#include "formats/btrfs/item_types.h"

#include <sys/stat.h>

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

} // namespace

Contents::Contents(const Filesystem& filesystem, const Snapshots& snapshots, CurrentInode& current, Commands& commands,
                   CommandOutput& output, Paths& paths, CloneSources& sources, ContentsMode mode)
    : snapshots_(snapshots), current_(current), commands_(commands), output_(output), paths_(paths), sources_(sources),
      mode_(mode), reader_(filesystem), sectorsize_(filesystem.geometry().sectorsize) {
    if (snapshots.parent != nullptr) {
        const bool one = snapshots.one_filesystem();
        const auto& parent_filesystem = one ? filesystem : *snapshots.parent_filesystem;
        auto comparison =
            one ? nullptr : std::make_unique<ContentComparison>(filesystem, parent_filesystem, *snapshots.parent);
        parent_extents_.emplace(*snapshots.parent, parent_filesystem.geometry().sectorsize, std::move(comparison));
    }
}

bool Contents::overwrites() const {
    return snapshots_.parent != nullptr && !current_.is_new && !current_.is_replaced && !current_.is_deleted &&
           S_ISREG(current_.mode);
}

Result<Contents::Extent> Contents::parse(const btrfs::Key& key, Bytes data) const {
    auto extent = parse_file_extent(snapshots_.sent->id(), key, data, sectorsize_);
    return extent ? Result<Extent>(std::make_shared<const FileExtent>(std::move(*extent)))
                  : std::unexpected(extent.error());
}

Result<void> Contents::send_item(const ItemPlace& item) {
    if (S_ISLNK(current_.mode)) {
        return {};
    }
    const auto extent = parse(item.key(), item.data());
    return extent ? send_extent(*extent, item.leaf->block().header().owner, item.slot)
                  : std::unexpected(extent.error());
}

Result<void> Contents::pass_item(const ItemPlace& item) {
    if (item.key().objectid != current_.number || !overwrites()) {
        return {};
    }
    const auto extent = parse(item.key(), item.data());
    return extent ? send_hole_before(**extent, item.slot) : std::unexpected(extent.error());
}

Result<void> Contents::send_all() {
    if (S_ISLNK(current_.mode)) {
        return {};
    }
    auto items = snapshots_.sent->search();
    auto there = items.seek({current_.number, type::extent_data, 0});
    for (; there && *there; there = items.next()) {
        const auto key = items.key();
        if (key.objectid != current_.number || key.type != type::extent_data) {
            return {};
        }
        const auto extent = parse(key, items.data());
        BTRKIT_TRY(extent ? send_extent(*extent, items.leaf().header().owner, items.slot())
                          : std::unexpected(extent.error()));
    }
    return there ? Result<void>() : std::unexpected(there.error());
}

Result<void> Contents::send_extent(const Extent& extent, u64 leaf_owner, u32 slot) {
    if (parent_extents_ && !current_.is_new) {
        const auto inode = snapshots_.sent->need_inode(current_.number);
        BTRKIT_TRY_ASSIGN(const auto unchanged,
                          inode ? parent_extents_->has(*inode, *extent) : std::unexpected(inode.error()));
        if (unchanged) {
            return send_hole_before(*extent, slot);
        }
    } else if (!extent->is_data()) {
        return {}; // a new file has holes wherever nothing is written
    }
    std::optional<CloneSource> source;
    if (extent->kind != ExtentKind::hole && extent->kind != ExtentKind::inline_data && extent->offset < current_.size) {
        source = sources_.find({.inode = current_.number,
                                .file_offset = extent->offset,
                                .num_bytes = extent->length,
                                .disk_bytenr = extent->disk.bytenr,
                                .offset_in_extent = extent->offset_in_extent,
                                .is_compressed = extent->is_compressed(),
                                .leaf_owner = leaf_owner,
                                .inode_size = current_.size,
                                .next_write_offset = current_.next_write_offset});
    }
    BTRKIT_TRY(write_or_clone(extent, source));
    return send_hole_before(*extent, slot);
}

Result<void> Contents::find_last_extent_end(u64 offset) {
    current_.last_extent_end = 0;
    auto items = snapshots_.sent->search();
    BTRKIT_TRY_ASSIGN(const auto there, items.seek_back({current_.number, type::extent_data, offset}));
    if (!there || items.key().objectid != current_.number || items.key().type != type::extent_data) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto extent, parse(items.key(), items.data()));
    current_.last_extent_end = extent->offset + extent->length;
    return {};
}

/// What lies between this extent and the one before it. Where the walk has passed over leaves that both snapshots
/// share, the one before is not the last that was looked at.
Result<void> Contents::send_hole_before(const FileExtent& extent, u32 slot) {
    if (!overwrites()) {
        return {};
    }
    BTRKIT_TRY(send_hole_of_gone_items(extent.offset));
    if (!current_.last_extent_end || (slot == 0 && *current_.last_extent_end < extent.offset)) {
        // No extent ends before offset 0.
        BTRKIT_TRY(find_last_extent_end(extent.offset - 1));
    }
    BTRKIT_TRY(send_hole_up_to(extent.offset));
    current_.last_extent_end = extent.offset + extent.length;
    current_.gone_extent_offset.reset();
    return {};
}

Result<void> Contents::send_last_hole() {
    if (!overwrites()) {
        return {};
    }
    BTRKIT_TRY(send_hole_of_gone_items(~u64{0}));
    if (!current_.last_extent_end || *current_.last_extent_end < current_.size) {
        BTRKIT_TRY(find_last_extent_end(~u64{0}));
    }
    return send_hole_up_to(current_.size);
}

Result<void> Contents::note_gone_item(u64 offset) {
    if (!overwrites()) {
        return {};
    }
    BTRKIT_TRY(send_hole_of_gone_items(offset));
    current_.gone_extent_offset = current_.gone_extent_offset.value_or(offset);
    return {};
}

/// The walk has come to next_offset. If the extent that follows the items that are gone stood in a leaf that both
/// snapshots share, the walk has passed over it, and with it over the hole before it. The kernel forgets that.
Result<void> Contents::send_hole_of_gone_items(u64 next_offset) {
    if (!current_.gone_extent_offset) {
        return {};
    }
    const u64 gone = *current_.gone_extent_offset;
    auto items = snapshots_.sent->search();
    BTRKIT_TRY_ASSIGN(const auto there, items.seek({current_.number, type::extent_data, gone}));
    const bool has_next = there && items.key().objectid == current_.number && items.key().type == type::extent_data;
    const u64 hole_end = has_next ? items.key().offset : next_offset;
    if (hole_end >= next_offset) {
        return {};
    }
    current_.gone_extent_offset.reset();
    const auto extent = parse(items.key(), items.data());
    auto done = extent ? find_last_extent_end(gone) : std::unexpected(extent.error());
    if (done) {
        done = send_hole_up_to(hole_end);
    }
    if (done) {
        current_.last_extent_end = hole_end + (*extent)->length;
    }
    return done;
}

Result<void> Contents::send_hole_up_to(u64 end) {
    const u64 from = *current_.last_extent_end;
    if (from >= end) {
        return {};
    }
    const auto is_hole_already = parent_extents_->has_hole(current_.number, from, end);
    const auto path = is_hole_already ? current_path() : std::unexpected(is_hole_already.error());
    if (!path || *is_hole_already) {
        return path ? Result<void>() : std::unexpected(path.error());
    }
    if (commands_.version() >= 2) {
        return commands_.punch_hole(*path, from, end - from);
    }
    // What begins behind the end of the file is cut off when its size is set.
    if (from >= current_.size) {
        return {};
    }
    const u64 length = std::min(end, current_.size) - from;
    bytes_sent_ += length;
    if (mode_.no_data) {
        return commands_.update_extent(*path, from, length);
    }
    current_.next_write_offset = from + length;
    return output_.put_zeros(*path, from, length);
}

Result<void> Contents::send_grown_tail(u64 old_size) {
    if (!overwrites() || mode_.no_data) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto inode, snapshots_.sent->need_inode(current_.number));
    auto items = snapshots_.sent->search();
    auto there = items.seek_back({current_.number, type::extent_data, old_size});
    for (; there && *there; there = items.next()) {
        const auto key = items.key();
        if (key.objectid != current_.number || key.type != type::extent_data || key.offset >= current_.size) {
            break;
        }
        const auto extent = parse(key, items.data());
        const auto unsent =
            extent && (*extent)->is_data() ? parent_extents_->has(inode, **extent) : Result<bool>(false);
        if (!extent || !unsent) {
            return std::unexpected(extent ? unsent.error() : extent.error());
        }
        const u64 from = std::max(old_size, key.offset);
        const u64 end = std::min((*extent)->offset + (*extent)->length, current_.size);
        if (!*unsent || from >= end || is_all_zeros(**extent, {from, end - from})) {
            continue;
        }
        BTRKIT_TRY(write(*extent, {from, end - from}));
        current_.next_write_offset = end;
    }
    return there ? Result<void>() : std::unexpected(there.error());
}

/// Only looks at what is within one sector; that is all that is ever left there.
bool Contents::is_all_zeros(const FileExtent& extent, const Range& range) {
    const u64 begin = round_down(range.offset, sectorsize_);
    if (range.end() > begin + sectorsize_) {
        return false;
    }
    const auto inode = snapshots_.sent->need_inode(current_.number);
    std::vector<std::byte> sector(sectorsize_);
    // What can't be read is found out when it is sent.
    return inode && reader_.read(extent, inode->has_checksums(), begin - extent.offset, sector) &&
           std::ranges::all_of(Bytes(sector).subspan(range.offset - begin, range.length),
                               [](std::byte byte) { return byte == std::byte{0}; });
}

Result<std::string> Contents::current_path() {
    return paths_.path_of(current_.number, current_.generation);
}

/// Where the file is in the snapshot, while it is below a directory with a temporary name; else null.
std::shared_ptr<const std::string> Contents::shown_path(std::string_view path) {
    const bool may_be_temporary = path.size() > 1 && path[0] == 'o' && path[1] >= '0' && path[1] <= '9';
    if (!may_be_temporary) {
        return nullptr;
    }
    if (shown_path_of_ != current_.number) {
        shown_path_of_ = current_.number;
        shown_path_ =
            std::make_shared<const std::string>(snapshots_.sent->path_of(current_.number).value_or(std::string(path)));
    }
    return shown_path_;
}

Result<void> Contents::write(const Extent& extent, const Range& range) {
    const auto path = current_path();
    BTRKIT_TRY_ASSIGN(const auto inode,
                      path ? snapshots_.sent->need_inode(current_.number) : std::unexpected(path.error()));
    bytes_sent_ += range.length;
    if (mode_.no_data) {
        return commands_.update_extent(*path, range.offset, range.length);
    }
    const FileData data{.extent = extent,
                        .has_checksums = inode.has_checksums(),
                        .offset = range.offset,
                        .length = range.length,
                        .shown_path = shown_path(*path)};
    if (mode_.compressed_data && extent->is_compressed() && extent->is_data()) {
        const u64 stored_bytes =
            extent->kind == ExtentKind::inline_data ? extent->inline_bytes.size() : extent->disk_num_bytes;
        // Of a small part of an extent, the whole of its packed bytes may be more than the part unpacked.
        if (stored_bytes <= range.length) {
            return put_encoded(*path, data);
        }
    }
    return output_.put_write(*path, data);
}

/// An inline extent may be shorter than the part of the file that it stands for, what follows it being zero. Where more
/// of a new file follows, that is so at the receiver too; everywhere else the kernel forgets it.
Result<void> Contents::put_encoded(std::string_view path, const FileData& data) {
    auto done = output_.put_encoded(path, data);
    const auto& extent = *data.extent;
    const u64 packed_end = extent.offset + extent.ram_bytes;
    const u64 end = data.offset + data.length;
    const bool is_short = extent.kind == ExtentKind::inline_data && packed_end < end;
    if (!done || !is_short || (!overwrites() && end < current_.size)) {
        return done;
    }
    return output_.put_zeros(path, packed_end, end - packed_end);
}

} // namespace btrkit::send
