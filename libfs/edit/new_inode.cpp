// SPDX-License-Identifier: MIT
#include "libfs/edit/new_inode.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/tree/item_merger.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::unexpected<Error> does_not_fit(std::string what) {
    return fail(ErrorKind::unsupported, std::move(what));
}

/// Adds one inode's items, from the inode item on.
class InodeItems {
public:
    InodeItems(ItemSink& sink, const Geometry& geometry, const NewInode& added)
        : sink_(sink), geometry_(geometry), added_(added), number_(added.inode.number),
          merger_(sink, btrfs::max_item_size(geometry.nodesize)) {}

    Result<void> add() {
        const auto item = inode_item_of(added_.inode);
        BTRKIT_TRY(sink_.add({number_, type::inode_item, 0}, as_bytes_of(item)));
        BTRKIT_TRY(added_.names.empty() ? add_self_reference() : add_references());
        BTRKIT_TRY(add_xattrs());
        BTRKIT_TRY(add_entries_by_hash());
        return add_entries_by_index();
    }

private:
    Result<void> add_self_reference() {
        body_.clear().add(btrfs::InodeRef{.index = 0, .name_len = 2}).add_text("..");
        return sink_.add({number_, type::inode_ref, number_}, body_.bytes());
    }

    /// By directory; what has no room there, by hash.
    Result<void> add_references() {
        std::vector<std::pair<u64, const NewName*>> overflow;
        for (const auto& name : added_.names) {
            body_.clear()
                .add(btrfs::InodeRef{.index = name.index, .name_len = static_cast<u16>(name.name.size())})
                .add_text(name.name);
            BTRKIT_TRY_ASSIGN(const auto has_room, merger_.add({number_, type::inode_ref, name.dir}, body_.bytes()));
            if (!has_room) {
                overflow.emplace_back(extref_hash(name.dir, bytes_of(name.name)), &name);
            }
        }
        BTRKIT_TRY(merger_.flush());
        if (!overflow.empty() && !geometry_.has_incompat(btrfs::incompat_extended_iref)) {
            return does_not_fit("has too many names in one directory without the feature extref");
        }
        std::ranges::sort(overflow); // of the same hash in their order: they stand in one array
        for (const auto& [hash, name] : overflow) {
            body_.clear()
                .add(btrfs::InodeExtref{
                    .parent = name->dir, .index = name->index, .name_len = static_cast<u16>(name->name.size())})
                .add_text(name->name);
            BTRKIT_TRY(merge({number_, type::inode_extref, hash}, "has too many names with the same hash"));
        }
        return merger_.flush();
    }

    Result<void> add_xattrs() {
        for (const auto& [hash, i] : by_hash(added_.xattrs)) {
            const Xattr& xattr = added_.xattrs[i];
            const auto too_large = [&] {
                return fmt::format("extended attribute {} of {} bytes does not fit metadata blocks of {} bytes",
                                   printable(xattr.name), xattr.value.size(), geometry_.nodesize);
            };
            const std::size_t size = sizeof(btrfs::DirItem) + xattr.name.size() + xattr.value.size();
            if (size > btrfs::max_item_size(geometry_.nodesize) || xattr.name.size() > btrfs::max_name_length) {
                return does_not_fit(too_large());
            }
            body_.clear()
                .add(btrfs::DirItem{.transid = added_.inode.transid,
                                    .data_len = static_cast<u16>(xattr.value.size()),
                                    .name_len = static_cast<u16>(xattr.name.size()),
                                    .type = static_cast<u8>(btrfs::FileType::xattr)})
                .add_text(xattr.name)
                .add_text(xattr.value);
            BTRKIT_TRY_ASSIGN(const auto has_room, merger_.add({number_, type::xattr_item, hash}, body_.bytes()));
            if (!has_room) {
                return does_not_fit(too_large());
            }
        }
        return merger_.flush();
    }

    Result<void> add_entries_by_hash() {
        for (const auto& [hash, i] : by_hash(added_.entries)) {
            put_entry(added_.entries[i]);
            BTRKIT_TRY(merge({number_, type::dir_item, hash}, "holds too many names with the same hash"));
        }
        return merger_.flush();
    }

    Result<void> add_entries_by_index() {
        for (const auto& entry : added_.entries) {
            put_entry(entry);
            BTRKIT_TRY(sink_.add({number_, type::dir_index, entry.index}, body_.bytes()));
        }
        return {};
    }

    void put_entry(const NewEntry& entry) {
        body_.clear()
            .add(btrfs::DirItem{.location = btrfs::DiskKey::from(entry.location),
                                .transid = added_.inode.transid,
                                .data_len = 0,
                                .name_len = static_cast<u16>(entry.name.size()),
                                .type = static_cast<u8>(entry.type)})
            .add_text(entry.name);
    }

    Result<void> merge(const btrfs::Key& key, const char* otherwise) {
        BTRKIT_TRY_ASSIGN(const auto has_room, merger_.add(key, body_.bytes()));
        return has_room ? Result<void>{} : does_not_fit(otherwise);
    }

    /// Hashes of names with where they stand, in the order of keys.
    template <class Named>
    static std::vector<std::pair<u64, std::size_t>> by_hash(std::span<const Named> all) {
        std::vector<std::pair<u64, std::size_t>> hashed;
        hashed.reserve(all.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            hashed.emplace_back(name_hash(bytes_of(all[i].name)), i);
        }
        std::ranges::sort(hashed);
        return hashed;
    }

    ItemSink& sink_;
    const Geometry& geometry_;
    const NewInode& added_;
    u64 number_;
    ItemMerger merger_;
    ItemBuffer body_;
};

} // namespace

btrfs::Timespec timespec_of(Time time) {
    return {.sec = static_cast<u64>(time.sec), .nsec = time.nsec};
}

btrfs::InodeItem inode_item_of(const Inode& inode) {
    return {
        .generation = inode.generation,
        .transid = inode.transid,
        .size = inode.size,
        .nbytes = inode.nbytes,
        .nlink = inode.nlink,
        .uid = inode.uid,
        .gid = inode.gid,
        .mode = inode.mode,
        .rdev = u64{inode.device_major} << btrfs::rdev_minor_bits | inode.device_minor,
        .flags = inode.flags,
        .sequence = inode.sequence,
        .atime = timespec_of(inode.atime),
        .ctime = timespec_of(inode.ctime),
        .mtime = timespec_of(inode.mtime),
        .otime = timespec_of(inode.otime),
    };
}

btrfs::RootItem new_root_item(const Geometry& geometry) {
    btrfs::RootItem item = {};
    item.inode.generation = 1;
    item.inode.size = 3;
    item.inode.nbytes = geometry.nodesize;
    item.inode.nlink = 1;
    item.inode.mode = S_IFDIR | 0755;
    item.refs = 1;
    return item;
}

Result<void> add_inode_items(ItemSink& sink, const Geometry& geometry, const NewInode& added) {
    if (added.names.size() > max_links) {
        return does_not_fit(fmt::format("has {} names; btrfs allows {}", added.names.size(), max_links));
    }
    return InodeItems(sink, geometry, added).add();
}

} // namespace btrkit
