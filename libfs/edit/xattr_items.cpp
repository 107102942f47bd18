// SPDX-License-Identifier: MIT
#include "libfs/edit/xattr_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/edit/dir_item_list.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

btrfs::Key xattr_key(u64 inode, std::string_view name) {
    return {inode, type::xattr_item, name_hash(std::as_bytes(std::span(name)))};
}

Result<std::vector<XattrView>> parse(const BufferedItem& item) {
    auto xattrs = parse_xattrs(item.body);
    if (!xattrs) {
        return fail(ErrorKind::damaged, fmt::format("inode {}: an extended attribute does not end in its item; run "
                                                    "btrkit-check",
                                                    item.key.objectid));
    }
    return std::move(*xattrs);
}

} // namespace

Result<void> set_xattr(TreeBuffer& tree, const Geometry& geometry, u64 inode, const Xattr& xattr) {
    const auto key = xattr_key(inode, xattr.name);
    BTRKIT_TRY_ASSIGN(const auto item, tree.find(key));
    std::vector<std::byte> body;
    if (item) {
        BTRKIT_TRY(parse(*item));
        body = without_dir_item(item->body, xattr.name).value_or(item->body);
    }
    const std::size_t size = sizeof(btrfs::DirItem) + xattr.name.size() + xattr.value.size();
    if (xattr.name.empty() || xattr.name.size() > btrfs::max_name_length ||
        body.size() + size > btrfs::max_item_size(geometry.nodesize)) {
        return fail(ErrorKind::unsupported,
                    fmt::format("extended attribute {} of {} bytes does not fit metadata blocks of {} bytes",
                                printable(xattr.name), xattr.value.size(), geometry.nodesize));
    }
    const auto entry = dir_item_of({}, btrfs::FileType::xattr, geometry.generation, xattr.name, xattr.value);
    body.insert(body.end(), entry.begin(), entry.end());
    tree.put(key, body);
    return {};
}

Result<bool> remove_xattr(TreeBuffer& tree, u64 inode, std::string_view name) {
    const auto key = xattr_key(inode, name);
    BTRKIT_TRY_ASSIGN(const auto item, tree.find(key));
    auto rest = item ? without_dir_item(item->body, name) : std::nullopt;
    if (!rest) {
        return false;
    }
    if (rest->empty()) {
        BTRKIT_TRY(tree.erase(key));
    } else {
        tree.put(key, *rest);
    }
    return true;
}

Result<std::optional<std::string>> find_xattr(TreeBuffer& tree, u64 inode, std::string_view name) {
    BTRKIT_TRY_ASSIGN(const auto item, tree.find(xattr_key(inode, name)));
    if (!item) {
        return std::nullopt;
    }
    BTRKIT_TRY_ASSIGN(const auto xattrs, parse(*item));
    const auto found = std::ranges::find(xattrs, name, &XattrView::name);
    return found == xattrs.end() ? std::nullopt : std::optional(std::string(found->value));
}

Result<std::vector<Xattr>> all_xattrs(TreeBuffer& tree, u64 inode) {
    std::vector<Xattr> all;
    btrfs::Key from = {inode, type::xattr_item, 0};
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto item, tree.first_from(from));
        if (!item || item->key.objectid != inode || item->key.type != type::xattr_item) {
            break;
        }
        BTRKIT_TRY_ASSIGN(const auto xattrs, parse(*item));
        for (const auto& [name, value] : xattrs) {
            all.push_back({std::string(name), std::string(value)});
        }
        from = btrfs::next_key(item->key);
    }
    std::ranges::sort(all);
    return all;
}

} // namespace btrkit
