// SPDX-License-Identifier: MIT
// What is on its way from the filesystem to the target: names with all that belongs to them, in batches.
#pragma once

#include "libfs/fs/inode.h"
#include "libfs/fs/xattrs.h"
#include "libfs/ops/extract/file_parts.h"

#include <memory>
#include <string>
#include <vector>

namespace btrkit::extract {

/// Where a target has something open: a directory, or a file that comes in pieces. Only the target knows more of it.
class Place {
public:
    virtual ~Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

protected:
    Place() = default;
};

/// Where in the image data stands that several files may share.
struct ExtentData {
    u64 disk = 0;      ///< the extent; 0: nobody shares it, or not all of it is good
    u64 in_extent = 0; ///< unpacked
    btrfs::Compression compression = btrfs::Compression::none;

    friend bool operator==(const ExtentData&, const ExtentData&) = default;
};

/// Bytes of a file; what is in none of its runs is zero. They live as long as the batch.
struct Run {
    u64 offset = 0;
    Bytes bytes;
    ExtentData data = {};
};

enum class MemberKind : u8 {
    directory, ///< before all that stands in it
    leave,     ///< the same directory, behind all that stands in it
    file,
    symlink,
    special, ///< a device, fifo or socket
    hard_link,
};

enum class Outcome : u8 {
    made,
    present,  ///< is there already, and is the same
    left_out, ///< `failure` says why
};

struct Member {
    MemberKind kind = MemberKind::file;
    std::string path;                 ///< below the target; empty: the target itself
    std::shared_ptr<Place> directory; ///< where it stands
    std::shared_ptr<Place> self;      ///< of directories, and of files that come in pieces
    InodePlace place = {};
    Inode inode = {};
    std::string target = {}; ///< of a symlink, or the path of the name that a hard link is another one of
    std::vector<Xattr> xattrs = {};
    std::vector<Run> runs = {}; ///< of a file that comes at once, in order
    RangeSet bad = {};          ///< bytes that could not be read or proven
    std::string why = {};       ///< the first reason of that, or why something of it is not known
    Outcome outcome = Outcome::made;
    std::string failure = {};

    std::string_view name() const { return std::string_view(path).substr(path.rfind('/') + 1); }
    bool has_loss() const { return !bad.empty() || !why.empty(); }
    void leave_out(std::string reason) {
        outcome = Outcome::left_out;
        failure = std::move(reason);
    }
};

/// A part of a file that is to be read: up to length bytes of an extent.
struct Slice {
    FileExtent extent;
    u64 into_extent = 0;
    u64 length = 0;        ///< within the file
    std::size_t owner = 0; ///< which member of a batch it is of

    u64 offset() const { return extent.offset + into_extent; }
    bool is_lost() const { return extent.kind == ExtentKind::hole; }
};

/// Some members, each with all that belongs to it; or a piece of one large file.
struct Batch {
    std::vector<Member> members;

    std::shared_ptr<Member> large; ///< no piece without
    std::vector<Slice> slices;     ///< of the piece
    std::vector<Run> runs;
    RangeSet bad;
    std::string why;
    bool is_last_piece = false;

    std::unique_ptr<std::vector<std::byte>> room = {}; ///< what runs refer to
    std::optional<Error> fatal = {};                   ///< the target can't go on
};

} // namespace btrkit::extract
