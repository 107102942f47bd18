// SPDX-License-Identifier: MIT
// The listing of an image, by our own library.
#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/file_data.h"
#include "tests/support/content_hash.h"
#include "tests/support/tree_listing.h"

#include <fmt/format.h>
#include <map>
#include <sys/stat.h>

namespace btrkit::test {

namespace {

constexpr u64 shown_flags = btrfs::inode_sync | btrfs::inode_immutable | btrfs::inode_append | btrfs::inode_nodump |
                            btrfs::inode_noatime | btrfs::inode_dirsync | btrfs::inode_nodatacow |
                            btrfs::inode_nocompress | btrfs::inode_compress;

/// As the kernel shows them: NOCOMPRESS hides COMPRESS.
u64 flags_shown(u64 flags) {
    const u64 shown = flags & shown_flags;
    return (shown & btrfs::inode_nocompress) != 0 ? shown & ~btrfs::inode_compress : shown;
}

using InodeId = std::pair<u64, u64>; ///< tree and inode

InodeId id_of(const InodePlace& place) {
    return {place.tree.id, place.inode};
}

class ImageLister {
public:
    explicit ImageLister(const Filesystem& filesystem) : filesystem_(&filesystem), reader_(filesystem) {}

    Result<TreeListing> list(const InodePlace& top) {
        waiting_.push_back({".", top});
        while (!waiting_.empty()) {
            const auto [path, place] = std::move(waiting_.back());
            waiting_.pop_back();
            if (auto done = list_one(path, place); !done) {
                return fail(done.error().kind, fmt::format("{}: {}", printable(path), done.error().message));
            }
        }
        TreeListing listing;
        settle(records_, listing);
        return listing;
    }

private:
    struct Waiting {
        std::string path;
        InodePlace place;
    };

    Result<void> list_one(const std::string& path, const InodePlace& place) {
        BTRKIT_TRY_ASSIGN(auto record, facts_of(place));
        record.path = path;
        record.is_subvolume = path != "." && place.inode == btrfs::root_dir_inode;
        if (record.is_subvolume) {
            BTRKIT_TRY(read_subvolume_flags(place.tree, record));
        }
        const bool is_directory = S_ISDIR(record.mode);
        records_.emplace_back(std::move(record), id_of(place));
        return is_directory ? list_entries(path, place) : Result<void>();
    }

    Result<void> list_entries(const std::string& path, const InodePlace& place) {
        if (!directories_.insert(id_of(place)).second) {
            return fail(ErrorKind::damaged, "a directory that was met before");
        }
        Directory directory(*filesystem_, place);
        auto entry = directory.next();
        for (; entry && *entry; entry = directory.next()) {
            const auto below = path == "." ? (**entry).name : path + "/" + (**entry).name;
            const auto target = follow(*filesystem_, place, **entry);
            if (!target) {
                return fail(target.error().kind, printable((**entry).name) + ": " + target.error().message);
            }
            if (*target) {
                waiting_.push_back({below, **target});
            } else {
                records_.push_back({TreeRecord{.path = below, .is_placeholder = true}, {0, records_.size()}});
            }
        }
        return entry ? Result<void>() : std::unexpected(entry.error());
    }

    Result<void> read_subvolume_flags(const TreeRoot& tree, TreeRecord& record) {
        ItemRange items(filesystem_->reader(), filesystem_->root_tree().block,
                        KeyRange::through(tree.root_key, tree.root_key));
        const auto there = items.next();
        if (!there || !*there) {
            return there ? fail(ErrorKind::not_found, "no root item") : std::unexpected(there.error());
        }
        u64 flags = 0;
        const Bytes stored = clipped(items.data(), offsetof(btrfs::RootItem, flags), sizeof(btrfs::le64));
        if (const auto* field = view_at<btrfs::le64>(stored)) {
            flags = *field;
        }
        record.is_read_only = (flags & btrfs::root_subvol_rdonly) != 0;
        return {};
    }

    /// Everything but the path; remembered for inodes of several names.
    Result<TreeRecord> facts_of(const InodePlace& place) {
        if (const auto known = linked_.find(id_of(place)); known != linked_.end()) {
            return known->second;
        }
        BTRKIT_TRY_ASSIGN(const auto inode, read_inode(*filesystem_, place));
        BTRKIT_TRY_ASSIGN(auto xattrs, read_xattrs(*filesystem_, place));
        TreeRecord record = facts_of_inode(inode);
        record.xattrs = std::move(xattrs);
        BTRKIT_TRY(add_content(place, inode, record));
        if (!S_ISDIR(record.mode) && record.nlink > 1) {
            linked_[id_of(place)] = record;
        }
        return record;
    }

    static TreeRecord facts_of_inode(const Inode& inode) {
        TreeRecord record;
        record.mode = inode.mode;
        record.uid = inode.uid;
        record.gid = inode.gid;
        record.atime = inode.atime;
        record.mtime = inode.mtime;
        record.ctime = inode.ctime;
        record.otime = inode.otime;
        record.flags = flags_shown(inode.flags);
        if (S_ISCHR(inode.mode) || S_ISBLK(inode.mode)) {
            record.device_major = inode.device_major;
            record.device_minor = inode.device_minor;
        }
        if (!S_ISDIR(inode.mode)) {
            record.size = inode.size;
            record.nlink = inode.nlink;
        }
        return record;
    }

    Result<void> add_content(const InodePlace& place, const Inode& inode, TreeRecord& record) {
        if (S_ISLNK(inode.mode)) {
            BTRKIT_TRY_ASSIGN(const auto stored, read_symlink(reader_, place, inode));
            record.target = stored.substr(0, stored.find('\0')); // as readlink(2) tells it
        }
        if (!S_ISREG(inode.mode)) {
            return {};
        }
        ContentHash hash;
        reader_.open(place, inode);
        auto run = reader_.next();
        for (; run && *run; run = reader_.next()) {
            if (!(**run).is_zeros()) {
                add_range(record.ranges, (**run).offset, (**run).offset + (**run).length);
                hash.add((**run).offset, (**run).bytes);
            }
        }
        record.content = hash.text();
        return run ? Result<void>() : std::unexpected(run.error());
    }

    const Filesystem* filesystem_;
    FileReader reader_;
    std::vector<Waiting> waiting_;
    std::vector<std::pair<TreeRecord, InodeId>> records_;
    std::set<InodeId> directories_;
    std::map<InodeId, TreeRecord> linked_;
};

} // namespace

Result<TreeListing> list_image(const Filesystem& filesystem, const InodePlace& top) {
    return ImageLister(filesystem).list(top);
}

} // namespace btrkit::test
