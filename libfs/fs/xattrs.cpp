// SPDX-License-Identifier: MIT
#include "libfs/fs/xattrs.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"

namespace btrkit {

namespace {

/// Appends the attributes of one item: those whose names share a hash. False where it is malformed.
bool append_xattrs(Bytes data, std::vector<Xattr>& all) {
    for (std::size_t offset = 0; offset < data.size();) {
        const auto* item = view_at<btrfs::DirItem>(data, offset);
        if (item == nullptr) {
            return false;
        }
        const auto name = as_text(clipped(data, offset + sizeof(*item), item->name_len));
        const auto value = as_text(clipped(data, offset + sizeof(*item) + item->name_len, item->data_len));
        if (name.empty() || name.size() != item->name_len || value.size() != item->data_len) {
            return false;
        }
        all.push_back({std::string(name), std::string(value)});
        offset += sizeof(*item) + name.size() + value.size();
    }
    return true;
}

} // namespace

Result<std::vector<Xattr>> read_xattrs(const Filesystem& filesystem, const InodePlace& place) {
    ItemRange items(filesystem.reader(), place.tree.block, place.inode, btrfs::item_type::xattr_item);
    std::vector<Xattr> all;
    auto there = items.next();
    for (; there && *there; there = items.next()) {
        if (!append_xattrs(items.data(), all)) {
            return std::unexpected(
                item_error(ProblemCode::item_dir, place.tree.id, items.key(), "an xattr does not end in its item"));
        }
    }
    if (!there) {
        return std::unexpected(there.error());
    }
    std::ranges::sort(all);
    return all;
}

} // namespace btrkit
