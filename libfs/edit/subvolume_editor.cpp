// SPDX-License-Identifier: MIT
#include "libfs/edit/subvolume_editor.h"

#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/item_buffer.h"
#include "libfs/base/names.h"
#include "libfs/edit/item_list.h"
#include "libfs/edit/new_inode.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/txn/quota_groups.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

constexpr std::string_view default_name = "default";

btrfs::Key default_key() {
    return {btrfs::root_tree_dir_id, type::dir_item, name_hash(std::as_bytes(std::span(default_name)))};
}

std::unexpected<Error> damaged_root(u64 id, std::string_view what) {
    return fail(ErrorKind::damaged, fmt::format("subvolume {}: {}; run btrkit-check", id, what));
}

btrfs::Key uuid_tree_key(const btrfs::Uuid& uuid, u8 key_type) {
    const auto halves = btrfs::uuid_key(uuid);
    return {halves.objectid, key_type, halves.offset};
}

} // namespace

Result<u64> SubvolumeEditor::find(std::string_view path) {
    BTRKIT_TRY_ASSIGN(const auto place, directories_.find(path));
    if (place.inode != btrfs::root_dir_inode) {
        return fail(ErrorKind::refused, fmt::format("{} is no subvolume", printable(path)));
    }
    return place.tree;
}

Result<btrfs::Key> SubvolumeEditor::root_key(u64 id) {
    BTRKIT_TRY_ASSIGN(auto* roots, transaction_->tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto item, roots->first_from({id, type::root_item, 0}));
    if (!is_subvolume(id) || !item || item->key.objectid != id || item->key.type != type::root_item) {
        return fail(ErrorKind::not_found, fmt::format("no subvolume {}", id));
    }
    return item->key;
}

Result<btrfs::RootItem> SubvolumeEditor::root_item(u64 id) {
    BTRKIT_TRY_ASSIGN(const auto key, root_key(id));
    BTRKIT_TRY_ASSIGN(auto* roots, transaction_->tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto item, roots->find(key));
    if (item->body.size() < btrfs::legacy_root_item_size) {
        return damaged_root(id, "its root item is short");
    }
    const auto root = whole_root_item(item->body).item;
    if (root.refs == 0 || root.drop_progress.to_key() != btrfs::Key{}) {
        return fail(ErrorKind::refused,
                    fmt::format("subvolume {} is deleted and waits to be cleaned up (btrkit-subvolume sync)", id));
    }
    return root;
}

/// As much of it as is stored: very old ones are short.
Result<void> SubvolumeEditor::put_root(u64 id, const btrfs::RootItem& root) {
    BTRKIT_TRY_ASSIGN(const auto key, root_key(id));
    BTRKIT_TRY_ASSIGN(auto* roots, transaction_->tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(auto item, roots->find(key));
    std::memcpy(item->body.data(), &root, std::min(item->body.size(), sizeof(root)));
    roots->put(key, item->body);
    return {};
}

/// Behind all that have a root item: also those of subvolumes that are being deleted.
Result<u64> SubvolumeEditor::next_id() {
    BTRKIT_TRY_ASSIGN(auto* roots, transaction_->tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto last, roots->last_up_to({btrfs::last_free_objectid, 0xff, ~u64{0}}));
    const u64 id = std::max(last ? last->key.objectid + 1 : 0, btrfs::first_free_objectid);
    if (id > btrfs::last_free_objectid || btrfs::qgroup_level(id) != 0) {
        return fail(ErrorKind::no_space, "no subvolume id is left");
    }
    return id;
}

Result<void> SubvolumeEditor::link(u64 id, const NamedPlace& place) {
    const btrfs::Key location = {id, type::root_item, ~u64{0}};
    BTRKIT_TRY_ASSIGN(const u64 index, directories_.add_entry(place, location, btrfs::FileType::directory));
    const auto ref =
        ItemBuffer()
            .add(btrfs::RootRef{
                .dirid = place.dir.inode, .sequence = index, .name_len = static_cast<u16>(place.name.size())})
            .add_text(place.name)
            .release();
    BTRKIT_TRY_ASSIGN(auto* roots, transaction_->tree(btrfs::root_tree_id));
    roots->put({place.dir.tree, type::root_ref, id}, ref);
    roots->put({id, type::root_backref, place.dir.tree}, ref);
    return {};
}

Result<void> SubvolumeEditor::unlink(u64 id) {
    BTRKIT_TRY_ASSIGN(auto* roots, transaction_->tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto back, roots->first_from({id, type::root_backref, 0}));
    const auto* ref = back && back->key.objectid == id && back->key.type == type::root_backref
                          ? view_at<btrfs::RootRef>(back->body)
                          : nullptr;
    if (ref == nullptr) {
        return damaged_root(id, "nothing says where it stands");
    }
    const u64 parent = back->key.offset;
    const auto name = as_text(clipped(Bytes(back->body), sizeof(*ref), ref->name_len));
    BTRKIT_TRY(directories_.remove_entry({.tree = parent, .inode = ref->dirid}, name, ref->sequence));
    BTRKIT_TRY_ASSIGN(const bool had_ref, roots->erase({parent, type::root_ref, id}));
    if (!had_ref) {
        return damaged_root(id, "the subvolume that it stands in does not refer to it");
    }
    BTRKIT_TRY(roots->erase(back->key));
    return {};
}

Result<void> SubvolumeEditor::add_uuid(const btrfs::Uuid& uuid, u8 key_type, u64 id) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree_if_any(btrfs::uuid_tree_id));
    if (tree == nullptr || uuid.is_null()) {
        return {};
    }
    const auto key = uuid_tree_key(uuid, key_type);
    BTRKIT_TRY_ASSIGN(const auto there, tree->find(key));
    auto body = there ? there->body : std::vector<std::byte>{};
    if (body.size() + sizeof(btrfs::le64) > btrfs::max_item_size(transaction_->geometry().nodesize)) {
        return fail(ErrorKind::no_space, fmt::format("{} subvolumes were received from {} already; no more have room",
                                                     body.size() / sizeof(btrfs::le64), uuid_text(uuid)));
    }
    const btrfs::le64 stored = id;
    const Bytes added = as_bytes_of(stored);
    body.insert(body.end(), added.begin(), added.end());
    tree->put(key, body);
    return {};
}

Result<void> SubvolumeEditor::remove_uuid(const btrfs::Uuid& uuid, u8 key_type, u64 id) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree_if_any(btrfs::uuid_tree_id));
    if (tree == nullptr || uuid.is_null()) {
        return {};
    }
    const auto key = uuid_tree_key(uuid, key_type);
    BTRKIT_TRY_ASSIGN(const auto there, tree->find(key));
    if (!there) {
        return {};
    }
    std::vector<std::byte> rest;
    for (std::size_t at = 0; at + sizeof(btrfs::le64) <= there->body.size(); at += sizeof(btrfs::le64)) {
        const Bytes one = Bytes(there->body).subspan(at, sizeof(btrfs::le64));
        if (*view_at<btrfs::le64>(one) != id) {
            rest.insert(rest.end(), one.begin(), one.end());
        }
    }
    if (rest.empty()) {
        BTRKIT_TRY(tree->erase(key));
    } else {
        tree->put(key, rest);
    }
    return {};
}

/// Where quotas are kept, each subvolume has a group of its own, from the start. The numbers of full ones are counted
/// by the kernel; with simple ones, it joins the groups of the subvolume that it stands in, if no others are named.
Result<void> SubvolumeEditor::add_quota_group(u64 id, u64 inside, std::span<const u64> groups) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree_if_any(btrfs::quota_tree_id));
    if (tree == nullptr) {
        return groups.empty() ? Result<void>()
                              : fail(ErrorKind::refused, "no quota group can be joined: quotas are off");
    }
    btrkit::add_quota_group(*tree, id, transaction_->generation());
    for (const u64 group : groups) {
        BTRKIT_TRY(join_quota_group(*tree, id, group));
    }
    if (!groups.empty() || !transaction_->keeps_simple_quotas()) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto related, related_groups(*tree, inside));
    for (const u64 group : related) {
        if (group > inside) {
            relate_groups(*tree, id, group);
        }
    }
    return {};
}

Result<void> SubvolumeEditor::join_quota_group(TreeBuffer& quota_tree, u64 id, u64 group) {
    const auto text = fmt::format("quota group {}/{}", btrfs::qgroup_level(group), btrfs::qgroup_number(group));
    if (btrfs::qgroup_level(group) == 0) {
        return fail(ErrorKind::refused, text + " has no members: it is that of one subvolume");
    }
    BTRKIT_TRY_ASSIGN(const auto there, quota_tree.find({0, type::qgroup_info, group}));
    if (!there) {
        return fail(ErrorKind::refused, text + " is not there; make it with 'btrfs qgroup create'");
    }
    relate_groups(quota_tree, id, group);
    return {};
}

Result<void> SubvolumeEditor::check_is_directory(const PlaceInTree& dir) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(dir.tree));
    BTRKIT_TRY_ASSIGN(const auto item, tree->find({dir.inode, type::inode_item, 0}));
    const auto* inode = item ? view_at<btrfs::InodeItem>(item->body) : nullptr;
    if (inode == nullptr || !S_ISDIR(inode->mode)) {
        return fail(ErrorKind::refused, "a subvolume can only stand in a directory");
    }
    BTRKIT_TRY_ASSIGN(const auto root, root_item(dir.tree));
    if ((root.flags & btrfs::root_subvol_rdonly) != 0) {
        return fail(ErrorKind::refused, fmt::format("subvolume {} is read-only", dir.tree));
    }
    return {};
}

/// What the kernel lets new subvolumes inherit, from the top of the one that they stand in.
Result<std::optional<Xattr>> SubvolumeEditor::compression_of(u64 id) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(id));
    BTRKIT_TRY_ASSIGN(const auto item, tree->find({btrfs::root_dir_inode, type::xattr_item,
                                                   name_hash(std::as_bytes(std::span(compression_xattr)))}));
    const auto xattrs = item ? parse_xattrs(item->body) : std::nullopt;
    for (const auto& xattr : xattrs.value_or(std::vector<XattrView>{})) {
        const bool compresses = xattr.value == "zlib" || xattr.value == "lzo" || xattr.value == "zstd";
        if (xattr.name == compression_xattr && compresses) {
            return Xattr{std::string(xattr.name), std::string(xattr.value)};
        }
    }
    return std::nullopt;
}

Result<u64> SubvolumeEditor::create(const NamedPlace& place, const NewSubvolume& wanted) {
    BTRKIT_TRY(check_is_directory(place.dir));
    BTRKIT_TRY_ASSIGN(const u64 id, next_id());
    BTRKIT_TRY(link(id, place));
    const u64 generation = transaction_->generation();
    NewInode top;
    top.inode.number = btrfs::root_dir_inode;
    top.inode.generation = top.inode.transid = generation;
    top.inode.nlink = 1;
    top.inode.mode = S_IFDIR | 0755;
    top.inode.atime = top.inode.ctime = top.inode.mtime = top.inode.otime = now_;
    BTRKIT_TRY_ASSIGN(const auto compression,
                      wanted.inherits_compression ? compression_of(place.dir.tree) : Result<std::optional<Xattr>>());
    if (compression) {
        top.inode.flags |= btrfs::inode_compress;
        top.xattrs = std::span(&*compression, 1);
    }
    ItemList items;
    BTRKIT_TRY(add_inode_items(items, transaction_->geometry(), top));

    auto root = new_root_item(transaction_->geometry());
    root.inode.flags = btrfs::inode_root_item_init;
    root.root_dirid = btrfs::root_dir_inode;
    root.flags = wanted.is_read_only ? btrfs::root_subvol_rdonly : 0;
    root.uuid = wanted.uuid;
    root.ctransid = root.otransid = generation;
    root.ctime = root.otime = timespec_of(now_);
    BTRKIT_TRY(transaction_->create_tree({id, type::root_item, 0}, root, items.items()));
    BTRKIT_TRY(add_uuid(wanted.uuid, type::uuid_key_subvol, id));
    BTRKIT_TRY(add_quota_group(id, place.dir.tree, wanted.qgroups));
    return id;
}

Result<u64> SubvolumeEditor::snapshot(u64 source, const NamedPlace& place, const NewSubvolume& wanted) {
    BTRKIT_TRY(check_is_directory(place.dir));
    BTRKIT_TRY_ASSIGN(auto root, root_item(source));
    BTRKIT_TRY_ASSIGN(const u64 id, next_id());
    const u64 generation = transaction_->generation();
    root.parent_uuid = root.uuid;
    root.uuid = wanted.uuid;
    root.otime = timespec_of(now_);
    root.otransid = generation;
    root.flags = wanted.is_read_only ? root.flags | btrfs::root_subvol_rdonly : root.flags & ~btrfs::root_subvol_rdonly;
    if (!wanted.is_read_only) {
        root.received_uuid = {};
        root.stransid = root.rtransid = 0;
        root.stime = root.rtime = {};
    }
    // First the copy, then the entry: as in the kernel, a snapshot of what it stands in does not hold itself.
    // The key tells the generation before this one: blocks that the copy gets in this same run are younger than it, and
    // who deletes the copy later takes only younger ones for its own.
    BTRKIT_TRY(transaction_->snapshot_tree(source, {id, type::root_item, generation - 1}, root));
    BTRKIT_TRY(link(id, place));
    BTRKIT_TRY(add_uuid(root.uuid, type::uuid_key_subvol, id));
    BTRKIT_TRY(add_uuid(root.received_uuid, type::uuid_key_received_subvol, id));
    BTRKIT_TRY(add_quota_group(id, place.dir.tree, wanted.qgroups));
    return id;
}

Result<std::vector<u64>> SubvolumeEditor::nested_in(u64 id) {
    BTRKIT_TRY_ASSIGN(auto* roots, transaction_->tree(btrfs::root_tree_id));
    std::vector<u64> nested;
    btrfs::Key from = {id, type::root_ref, 0};
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto ref, roots->first_from(from));
        if (!ref || ref->key.objectid != id || ref->key.type != type::root_ref) {
            return nested;
        }
        nested.push_back(ref->key.offset);
        from = btrfs::next_key(ref->key);
    }
}

Result<void> SubvolumeEditor::remove(u64 id) {
    if (id == btrfs::fs_tree_id) {
        return fail(ErrorKind::refused, "the top-level subvolume can't be deleted");
    }
    BTRKIT_TRY_ASSIGN(const auto root, root_item(id));
    BTRKIT_TRY_ASSIGN(const u64 default_subvolume, default_id());
    if (id == default_subvolume) {
        return fail(ErrorKind::refused,
                    fmt::format("subvolume {} is the default one; choose another first (set-default)", id));
    }
    BTRKIT_TRY_ASSIGN(const auto nested, nested_in(id));
    if (!nested.empty()) {
        return fail(ErrorKind::refused, fmt::format("{} subvolumes stand in subvolume {}, {} among them; delete them "
                                                    "first, or all of them with --recursive",
                                                    nested.size(), id, nested.front()));
    }
    BTRKIT_TRY(unlink(id));
    BTRKIT_TRY(remove_uuid(root.uuid, type::uuid_key_subvol, id));
    BTRKIT_TRY(remove_uuid(root.received_uuid, type::uuid_key_received_subvol, id));
    return transaction_->drop_tree(id);
}

Result<u64> SubvolumeEditor::default_id() {
    BTRKIT_TRY_ASSIGN(auto* roots, transaction_->tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto item, roots->find(default_key()));
    const auto location = item ? entry_of_name(item->body, default_name) : std::nullopt;
    return location ? location->objectid : btrfs::fs_tree_id;
}

Result<void> SubvolumeEditor::set_default(u64 id) {
    BTRKIT_TRY(root_item(id));
    BTRKIT_TRY_ASSIGN(auto* roots, transaction_->tree(btrfs::root_tree_id));
    const auto entry = ItemBuffer()
                           .add(btrfs::DirItem{.location = btrfs::DiskKey::from({id, type::root_item, ~u64{0}}),
                                               .transid = 0,
                                               .data_len = 0,
                                               .name_len = static_cast<u16>(default_name.size()),
                                               .type = static_cast<u8>(btrfs::FileType::directory)})
                           .add_text(default_name)
                           .release();
    roots->put(default_key(), entry);
    transaction_->add_incompat(btrfs::incompat_default_subvol);
    return {};
}

Result<void> SubvolumeEditor::set_read_only(u64 id, bool is_read_only, bool forget_received) {
    BTRKIT_TRY_ASSIGN(auto root, root_item(id));
    if (((root.flags & btrfs::root_subvol_rdonly) != 0) == is_read_only) {
        return {};
    }
    const bool was_received = !root.received_uuid.is_null();
    if (!is_read_only && was_received && !forget_received) {
        return fail(ErrorKind::refused,
                    fmt::format("subvolume {} was received; made writable, what is sent on top of it would go wrong. "
                                "Snapshot it, or give -f to forget where it came from",
                                id));
    }
    if (!is_read_only && was_received) {
        BTRKIT_TRY(remove_uuid(root.received_uuid, type::uuid_key_received_subvol, id));
        root.received_uuid = {};
        root.stransid = root.rtransid = 0;
        root.stime = root.rtime = {};
    }
    root.flags = is_read_only ? root.flags | btrfs::root_subvol_rdonly : root.flags & ~btrfs::root_subvol_rdonly;
    return put_root(id, root);
}

Result<void> SubvolumeEditor::set_received(u64 id, const Origin& origin) {
    BTRKIT_TRY_ASSIGN(auto root, root_item(id));
    BTRKIT_TRY(remove_uuid(root.received_uuid, type::uuid_key_received_subvol, id));
    root.received_uuid = origin.uuid;
    root.stransid = origin.ctransid;
    root.rtransid = transaction_->generation();
    root.stime = {}; // no stream tells it
    root.rtime = timespec_of(now_);
    root.flags = root.flags | btrfs::root_subvol_rdonly;
    BTRKIT_TRY(add_uuid(origin.uuid, type::uuid_key_received_subvol, id));
    return put_root(id, root);
}

Result<void> SubvolumeEditor::set_uuids(u64 id, const btrfs::Uuid& uuid, const btrfs::Uuid& parent_uuid) {
    BTRKIT_TRY_ASSIGN(auto root, root_item(id));
    BTRKIT_TRY(remove_uuid(root.uuid, type::uuid_key_subvol, id));
    root.uuid = uuid;
    root.parent_uuid = parent_uuid;
    BTRKIT_TRY(add_uuid(root.uuid, type::uuid_key_subvol, id));
    return put_root(id, root);
}

} // namespace btrkit
