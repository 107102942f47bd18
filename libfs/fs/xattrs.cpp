// SPDX-License-Identifier: MIT
#include "libfs/fs/xattrs.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"

namespace btrkit {

std::optional<std::vector<XattrView>> parse_xattrs(Bytes data) {
    std::vector<XattrView> all;
    for (std::size_t offset = 0; offset < data.size();) {
        const auto* item = view_at<btrfs::DirItem>(data, offset);
        if (item == nullptr) {
            return std::nullopt;
        }
        const auto name = as_text(clipped(data, offset + sizeof(*item), item->name_len));
        const auto value = as_text(clipped(data, offset + sizeof(*item) + item->name_len, item->data_len));
        if (name.empty() || name.size() != item->name_len || value.size() != item->data_len) {
            return std::nullopt;
        }
        all.push_back({name, value});
        offset += sizeof(*item) + name.size() + value.size();
    }
    return all;
}

Result<std::vector<Xattr>> read_xattrs(const Filesystem& filesystem, const InodePlace& place) {
    ItemRange items(filesystem.reader(), place.tree.block, place.inode, btrfs::item_type::xattr_item);
    std::vector<Xattr> all;
    auto there = items.next();
    for (; there && *there; there = items.next()) {
        const auto xattrs = parse_xattrs(items.data());
        if (!xattrs) {
            return std::unexpected(
                item_error(ProblemCode::item_dir, place.tree.id, items.key(), "an xattr does not end in its item"));
        }
        for (const auto& [name, value] : *xattrs) {
            all.push_back({std::string(name), std::string(value)});
        }
    }
    if (!there) {
        return std::unexpected(there.error());
    }
    std::ranges::sort(all);
    return all;
}

} // namespace btrkit
