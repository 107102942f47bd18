// SPDX-License-Identifier: MIT
#include "libfs/ops/diff/inode_comparison.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/file_extents.h"
#include "libfs/fs/xattrs.h"

#include <algorithm>

#include <sys/stat.h>

namespace btrkit::diff {

namespace {

constexpr u32 permission_bits = 07777;

bool shows_the_same(const FileExtent& one, const FileExtent& other) {
    return one.kind == other.kind && one.offset == other.offset && one.length == other.length &&
           one.compression == other.compression && one.disk == other.disk &&
           one.offset_in_extent == other.offset_in_extent && one.inline_bytes == other.inline_bytes;
}

/// The bytes of a file as they come, in pieces of any length.
class RunStream {
public:
    explicit RunStream(FileReader& reader) : reader_(reader) {}

    /// How many bytes can be taken at once; 0 at the end.
    Result<u64> fill() {
        if (left_ == 0) {
            BTRKIT_TRY_ASSIGN(const auto run, reader_.next());
            run_ = run.value_or(FileRun{});
            left_ = run_.length;
        }
        return left_;
    }
    bool is_zeros() const { return run_.is_zeros(); }
    Bytes front(u64 length) const { return run_.bytes.subspan(run_.length - left_, length); }
    void drop(u64 length) { left_ -= length; }

private:
    FileReader& reader_;
    FileRun run_;
    u64 left_ = 0;
};

Result<std::vector<Xattr>> xattrs_of(SubvolumeView& view, u64 inode) {
    std::vector<Xattr> xattrs;
    TreeSearch items = view.search();
    BTRKIT_TRY_ASSIGN(bool is_there, items.seek({inode, btrfs::item_type::xattr_item, 0}));
    while (is_there && items.key().objectid == inode && items.key().type == btrfs::item_type::xattr_item) {
        const auto parsed = parse_xattrs(items.data());
        if (!parsed) {
            return std::unexpected(view.damaged(items.key(), "an xattr does not end in its item"));
        }
        for (const auto& [name, value] : *parsed) {
            xattrs.push_back({std::string(name), std::string(value)});
        }
        BTRKIT_TRY_ASSIGN(is_there, items.next());
    }
    std::ranges::sort(xattrs);
    return xattrs;
}

bool is_all_zeros(Bytes bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

bool are_equal(const RunStream& one, const RunStream& other, u64 length) {
    if (one.is_zeros() || other.is_zeros()) {
        return (one.is_zeros() || is_all_zeros(one.front(length))) &&
               (other.is_zeros() || is_all_zeros(other.front(length)));
    }
    return std::ranges::equal(one.front(length), other.front(length));
}

} // namespace

InodeComparison::InodeComparison(Context& context)
    : context_(context), old_reader_(context.old_side.filesystem, context.run.problems),
      new_reader_(context.new_side.filesystem, context.run.problems) {}

Aspects InodeComparison::compare(std::string_view path, const InodePlace& old_place, const Inode& old_inode,
                                 const InodePlace& new_place, const Inode& new_inode) {
    Aspects aspects;
    const auto note = [&](Aspect aspect, bool is_different) {
        if (is_different) {
            aspects.add(aspect);
        }
    };
    const auto ask = [&](Aspect aspect, const Result<bool>& is_same) {
        if (!is_same) {
            context_.fail(path, is_same.error());
        }
        note(aspect, is_same && !*is_same);
    };
    const auto& ignored = context_.options.ignored;
    note(Aspect::mode, ((old_inode.mode ^ new_inode.mode) & permission_bits) != 0);
    note(Aspect::owner, old_inode.uid != new_inode.uid || old_inode.gid != new_inode.gid);
    note(Aspect::mtime, old_inode.mtime != new_inode.mtime);
    note(Aspect::flags, old_inode.flags != new_inode.flags);
    if (!ignored.has(Aspect::xattrs)) {
        const auto old_xattrs = xattrs_of(context_.old_views.of(old_place.tree), old_place.inode);
        const auto new_xattrs = xattrs_of(context_.new_views.of(new_place.tree), new_place.inode);
        ask(Aspect::xattrs, !old_xattrs   ? std::unexpected(old_xattrs.error())
                            : !new_xattrs ? std::unexpected(new_xattrs.error())
                                          : Result<bool>(*old_xattrs == *new_xattrs));
    }
    if (old_inode.type() != new_inode.type()) {
        aspects.add(Aspect::type);
    } else if (S_ISREG(new_inode.mode) && !ignored.has(Aspect::data)) {
        ask(Aspect::data, old_inode.size == new_inode.size ? has_same_bytes(old_place, old_inode, new_place, new_inode)
                                                           : Result<bool>(false));
    } else if (S_ISLNK(new_inode.mode)) {
        const auto old_target = read_symlink(old_reader_, old_place, old_inode);
        const auto new_target = read_symlink(new_reader_, new_place, new_inode);
        ask(Aspect::target, !old_target   ? std::unexpected(old_target.error())
                            : !new_target ? std::unexpected(new_target.error())
                                          : Result<bool>(*old_target == *new_target));
    } else if (S_ISCHR(new_inode.mode) || S_ISBLK(new_inode.mode)) {
        note(Aspect::device,
             old_inode.device_major != new_inode.device_major || old_inode.device_minor != new_inode.device_minor);
    }
    aspects.remove(ignored);
    return aspects;
}

/// Of one filesystem: then nothing needs to be read.
Result<bool> InodeComparison::has_same_extents(const InodePlace& old_place, const Inode& old_inode,
                                               const InodePlace& new_place, const Inode& new_inode) {
    FileExtents old_extents(context_.old_side.filesystem, old_place, old_inode);
    FileExtents new_extents(context_.new_side.filesystem, new_place, new_inode);
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto old_extent, old_extents.next());
        BTRKIT_TRY_ASSIGN(const auto new_extent, new_extents.next());
        if (!old_extent || !new_extent) {
            return !old_extent && !new_extent;
        }
        if (!shows_the_same(*old_extent, *new_extent)) {
            return false;
        }
    }
}

Result<bool> InodeComparison::has_same_bytes(const InodePlace& old_place, const Inode& old_inode,
                                             const InodePlace& new_place, const Inode& new_inode) {
    if (context_.is_one_filesystem()) {
        BTRKIT_TRY_ASSIGN(const bool is_same, has_same_extents(old_place, old_inode, new_place, new_inode));
        if (is_same) {
            return true;
        }
    }
    old_reader_.open(old_place, old_inode);
    new_reader_.open(new_place, new_inode);
    RunStream old_bytes(old_reader_);
    RunStream new_bytes(new_reader_);
    for (;;) {
        if (context_.run.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        BTRKIT_TRY_ASSIGN(const u64 old_length, old_bytes.fill());
        BTRKIT_TRY_ASSIGN(const u64 new_length, new_bytes.fill());
        const u64 length = std::min(old_length, new_length);
        if (length == 0) {
            return old_length == new_length;
        }
        if (!are_equal(old_bytes, new_bytes, length)) {
            return false;
        }
        old_bytes.drop(length);
        new_bytes.drop(length);
    }
}

} // namespace btrkit::diff
