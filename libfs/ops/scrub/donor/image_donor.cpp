// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/donor/image_donor.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/scrub/donor/image_data.h"

#include <array>
#include <set>

#include <sys/stat.h>

namespace btrkit::scrub {

namespace {

/// The range of the file that an offset lies in. The extent that holds it begins somewhere before it, and most do so
/// nearby: further back is looked where it did not.
std::optional<FileExtent> extent_at(const Filesystem& filesystem, const InodePlace& place, const Inode& inode,
                                    u64 offset) {
    for (const u64 reach : {u64{1} << 20, u64{1} << 28, ~u64{0}}) {
        const u64 from = offset - std::min(offset, reach);
        FileExtents extents(filesystem, place, inode, from);
        for (auto next = extents.next(); next && *next && (*next)->offset <= offset; next = extents.next()) {
            FileExtent& extent = **next;
            const bool is_known = extent.kind != ExtentKind::hole || extent.offset > from || from == 0;
            if (is_known && offset - extent.offset < extent.length) {
                return std::move(extent);
            }
        }
        if (from == 0) {
            break;
        }
    }
    return std::nullopt;
}

} // namespace

/// What offer_at() was asked.
struct ImageDonor::Request {
    const Wanted& wanted;
    u32 sectorsize;
    const TryBytes& accept;
    /// Extents of which the sector was offered already, and where in them: snapshots share them.
    std::set<std::pair<u64, u64>> tried = {};

    bool is_first(const FileExtent& extent, u64 into_extent) {
        return tried.emplace(extent.disk.bytenr, into_extent).second;
    }
};

ImageDonor::ImageDonor(Filesystem filesystem, HostFile as_file)
    : filesystem_(std::move(filesystem)), as_file_(std::move(as_file)),
      decompressor_(filesystem_.geometry().sectorsize) {}

bool ImageDonor::offer_at(const Wanted& wanted, u32 sectorsize, const TryBytes& accept) {
    Request request{.wanted = wanted, .sectorsize = sectorsize, .accept = accept};
    const auto offer = [&](const File& file) { return offer_from(file, request); };
    look_up(wanted);
    if (std::ranges::any_of(files_, offer)) {
        return true;
    }
    look_up_in_subvolumes();
    return std::ranges::any_of(*subvolumes_files_, offer) || as_file_.offer_at(wanted, sectorsize, accept);
}

void ImageDonor::visit_all(const Search& search, const StopToken& stop) {
    visit_data(filesystem_, name(), search, stop);
}

void ImageDonor::look_up(const Wanted& wanted) {
    if (!path_.empty() && path_ == wanted.path && path_in_subvolume_ == wanted.path_in_subvolume) {
        return;
    }
    path_ = wanted.path;
    path_in_subvolume_ = wanted.path_in_subvolume;
    files_.clear();
    subvolumes_files_.reset();
    const auto tree = filesystem_.find_tree(btrfs::fs_tree_id);
    if (!tree) {
        return;
    }
    const InodePlace top{.tree = *tree, .inode = btrfs::root_dir_inode};
    add_file(files_, top, path_);
    if (path_in_subvolume_ != path_) {
        add_file(files_, top, path_in_subvolume_);
    }
}

void ImageDonor::look_up_in_subvolumes() {
    if (subvolumes_files_) {
        return;
    }
    subvolumes_files_.emplace();
    for (const TreeRoot& tree : subvolumes()) {
        add_file(*subvolumes_files_, {.tree = tree, .inode = btrfs::root_dir_inode}, path_in_subvolume_);
    }
}

void ImageDonor::add_file(std::vector<File>& files, const InodePlace& top, const std::string& path) const {
    const auto place = find_path_from(filesystem_, top, path);
    if (!place) {
        return;
    }
    const auto inode = read_inode(filesystem_, *place);
    if (inode && inode->type() == S_IFREG) {
        files.push_back({*place, *inode});
    }
}

const std::vector<TreeRoot>& ImageDonor::subvolumes() {
    if (subvolumes_) {
        return *subvolumes_;
    }
    subvolumes_.emplace();
    Cursor cursor(filesystem_.reader(), filesystem_.root_tree().block);
    bool there = cursor.seek({btrfs::first_free_objectid, btrfs::item_type::root_item, 0});
    for (; there && subvolumes_->size() < most_subvolumes; there = cursor.next()) {
        const auto key = cursor.key();
        if (key.objectid > btrfs::last_free_objectid) {
            break;
        }
        const auto root = key.type == btrfs::item_type::root_item ? parse_root_item(key, cursor.data()) : std::nullopt;
        if (root) {
            subvolumes_->push_back(*root);
        }
    }
    return *subvolumes_;
}

bool ImageDonor::offer_from(const File& file, Request& request) {
    return request.wanted.file_offset ? offer_plain_sector(file, request) : offer_compressed_sector(file, request);
}

/// The same sector of an extent that stands at the same place in the file, as long and packed in the same way.
bool ImageDonor::offer_compressed_sector(const File& file, Request& request) {
    const Wanted& wanted = request.wanted;
    const u64 begin = wanted.extent_file_offset;
    if (wanted.extent_sector >= wanted.extent_length_bytes / request.sectorsize) {
        return false;
    }
    const u64 into = wanted.extent_sector * request.sectorsize;
    // An extent that a clone shows the end of may begin before its file does.
    const u64 from = begin >> 63 == 0 ? begin : 0;
    FileExtents extents(filesystem_, file.place, file.inode, from);
    for (auto next = extents.next(); next && *next; next = extents.next()) {
        const FileExtent& extent = **next;
        if (extent.offset - begin >= max_compressed_extent_bytes) {
            return false;
        }
        const bool is_it = extent.kind == ExtentKind::regular && extent.is_compressed() &&
                           static_cast<u8>(extent.compression) == wanted.compression &&
                           extent.offset - extent.offset_in_extent == begin &&
                           extent.disk_num_bytes == wanted.extent_length_bytes;
        if (is_it && request.is_first(extent, into) && offer_copies(extent.disk + into, request)) {
            return true;
        }
    }
    return false;
}

bool ImageDonor::offer_plain_sector(const File& file, Request& request) {
    const u64 offset = *request.wanted.file_offset;
    const auto extent = extent_at(filesystem_, file.place, file.inode, offset);
    if (!extent) {
        return false;
    }
    if (extent->kind == ExtentKind::hole || extent->kind == ExtentKind::prealloc) {
        const std::vector<std::byte> zeros(request.sectorsize);
        return request.accept(zeros);
    }
    if (extent->kind == ExtentKind::inline_data || extent->is_compressed()) {
        return offer_unpacked(*extent, request);
    }
    const u64 into = extent->offset_in_extent + (offset - extent->offset);
    return into < extent->disk_num_bytes && extent->disk_num_bytes - into >= request.sectorsize &&
           request.is_first(*extent, into) && offer_copies(extent->disk + into, request);
}

/// What is stored packed here, or in the inode, and was not so in the other filesystem.
bool ImageDonor::offer_unpacked(const FileExtent& extent, Request& request) {
    const u64 into = extent.offset_in_extent + (*request.wanted.file_offset - extent.offset);
    std::vector<std::byte> plain(round_up(extent.ram_bytes, request.sectorsize));
    if (into >= plain.size() || plain.size() - into < request.sectorsize) {
        return false;
    }
    const auto offer = [&] { return request.accept(Bytes(plain).subspan(into, request.sectorsize)); };
    const auto unpack = [&](Bytes packed) {
        return decompressor_.decompress(extent.compression, packed, plain).has_value();
    };
    if (extent.kind == ExtentKind::inline_data) {
        if (extent.is_compressed()) {
            return unpack(extent.inline_bytes) && offer();
        }
        std::ranges::copy(clipped(extent.inline_bytes, 0, plain.size()), plain.begin());
        return offer();
    }
    if (!request.is_first(extent, into)) {
        return false;
    }
    std::vector<std::byte> packed(extent.disk_num_bytes);
    const unsigned mirrors = filesystem_.volume().mirror_count(extent.disk);
    for (unsigned mirror = 1; mirror <= mirrors; ++mirror) {
        if (filesystem_.read_data(extent.disk, packed, mirror) && unpack(packed) && offer()) {
            return true;
        }
    }
    return false;
}

bool ImageDonor::offer_copies(Logical at, Request& request) {
    std::vector<std::byte> sector(request.sectorsize);
    const unsigned mirrors = filesystem_.volume().mirror_count(at);
    for (unsigned mirror = 1; mirror <= mirrors; ++mirror) {
        if (filesystem_.read_data(at, sector, mirror) && request.accept(sector)) {
            return true;
        }
    }
    return false;
}

} // namespace btrkit::scrub
