// SPDX-License-Identifier: MIT
// What is different between two directories, mostly the tops of two subvolumes, of one filesystem or of two.
//
// run() does this:
//
//  1. Within one filesystem: walk the items of both trees together, past the blocks that they share, to know which
//     inodes may be different, and with their references which directories lead to those (touched_inodes.h).
//  2. Go through both directories side by side, in the order of names, past what is not touched (tree_comparison.h).
//     What has the same path is compared: type, attributes, and data, which is read only where extents are not the
//     same (inode_comparison.h).
//  3. Where both descend from one subvolume: what is only in one of them and has the number and generation of what is
//     only in the other one was renamed; inside of such directories it goes on as in 2 (renames.h).
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/inode.h"

#include <functional>

namespace btrkit::diff {

/// What may be different about one path.
enum class Aspect : u8 { type, data, target, device, mode, owner, mtime, xattrs, flags };
inline constexpr std::size_t aspect_count = 9;

class Aspects {
public:
    void add(Aspect aspect) { bits_ |= bit(aspect); }
    bool has(Aspect aspect) const { return (bits_ & bit(aspect)) != 0; }
    void remove(const Aspects& others) { bits_ &= ~others.bits_; }
    bool empty() const { return bits_ == 0; }

private:
    static u32 bit(Aspect aspect) { return u32{1} << static_cast<unsigned>(aspect); }

    u32 bits_ = 0;
};

struct Options {
    Aspects ignored = {};
    bool enters_subvolumes = false; ///< those that hang in both at the same path
    bool finds_renames = true;      ///< else what was renamed is removed and added
};

enum class ChangeKind : u8 { added, removed, changed, renamed };

struct Change {
    ChangeKind kind = ChangeKind::changed;
    /// Below the top of the new side, of what is removed below that of the old side; empty: the tops themselves.
    std::string path;
    std::string from = {};                           ///< of what was renamed: its path on the old side
    btrfs::FileType type = btrfs::FileType::unknown; ///< of the new one, of what is removed of the old one
    bool is_subvolume = false;
    Aspects aspects = {}; ///< of what was changed, or was so beside being renamed
};

/// One of the two directories.
struct Side {
    const Filesystem& filesystem;
    InodePlace top;
};

struct Hooks {
    std::function<void(const Change&)> changed;
    /// Something could not be read, and so not compared; the path is one of either side.
    std::function<void(std::string_view path, const Error&)> failed;
};

struct Report {
    u64 change_count = 0;
    u64 failure_count = 0;
    bool is_equal() const { return change_count == 0 && failure_count == 0; }
};

/// Both are of the same filesystem if and only if they refer to the same object. Fails with cancelled.
Result<Report> run(const Side& old_side, const Side& new_side, const Options& options, const Hooks& hooks,
                   const RunContext& context);

} // namespace btrkit::diff
