// SPDX-License-Identifier: MIT
// A filesystem: devices in, trees out.
#pragma once

#include "formats/btrfs/root.h"
#include "libfs/tree/cursor.h"

namespace btrkit {

/// A tree and where its root is.
struct TreeRoot {
    u64 id = 0;
    btrfs::Key root_key = {}; ///< of its root item; (0 0 0) for trees that the superblock points to
    Promise block = {};
};

/// The root that a root item of this key tells of; nothing where the item is too short to tell.
std::optional<TreeRoot> parse_root_item(const btrfs::Key& key, Bytes body);

/// What a root item says, without what it only seems to say.
struct WholeRootItem {
    btrfs::RootItem item = {};
    /// It was written by who does not know what stands behind the first generation: all of that is void.
    bool is_legacy = false;
};
/// Of a body that is long enough for parse_root_item().
WholeRootItem whole_root_item(Bytes body);

struct FilesystemOptions {
    VolumeOptions volume = {};
    /// Take these blocks for the roots of the trees of tree roots and of chunks, instead of those that the superblock
    /// names. What generation and level they have they say themselves.
    std::optional<Logical> tree_root = {};
    std::optional<Logical> chunk_root = {};
    /// Where a root that the superblock names can't be read, take that of the newest backup that can.
    bool backup_roots = false;
};

class Filesystem {
public:
    /// Opens the filesystem of the first device (see Volume::open) and reads its chunk tree. Where the roots that the
    /// first superblocks name can't be read, but those that a mirror names can, that mirror is used, and
    /// super_mirror_used is reported; not where the options choose a superblock or roots themselves. Whatever is wrong
    /// is reported, and what can be read can be read: a filesystem without chunk tree still has its system chunks.
    /// Fails as Volume::open, or with damaged where a root that options name can't be read.
    static Result<Filesystem> open(std::vector<std::unique_ptr<BlockDevice>> devices, const FilesystemOptions& options,
                                   const ProblemSink& report);

    const Volume& volume() const { return *volume_; }
    /// For who adds chunks to a filesystem that is being changed.
    Volume& volume() { return *volume_; }
    const btrfs::Superblock& super() const { return volume_->super(); }
    const Geometry& geometry() const { return volume_->geometry(); }
    const BlockReader& reader() const { return *reader_; }

    const TreeRoot& root_tree() const { return root_tree_; }
    const TreeRoot& chunk_tree() const { return chunk_tree_; }
    /// The tree of log roots, where an unreplayed log waits.
    std::optional<TreeRoot> log_root_tree() const;

    /// Any tree by its id: those above, or the first of its root items. Fails with not_found, or with damaged where
    /// the root tree can't be read there.
    Result<TreeRoot> find_tree(u64 id) const;

    /// Reads one mirror (from 1 to volume().mirror_count()) of data, by the raid stripe tree where the filesystem has
    /// one for it. Fails like Volume::read; checksums are the caller's matter.
    Result<void> read_data(Logical at, MutableBytes out, unsigned mirror) const;

private:
    explicit Filesystem(Volume volume);

    /// Of the superblocks that options choose or prefer.
    static Result<Filesystem> open_with(std::vector<std::unique_ptr<BlockDevice>> devices,
                                        const FilesystemOptions& options, const ProblemSink& report);
    bool has_readable_roots() const;
    void load_chunk_tree(const ProblemSink& report);
    Result<TreeRoot> read_root_at(u64 tree, Logical address) const;
    Result<void> choose_root(TreeRoot& root, const std::optional<Logical>& wanted, bool backup_roots) const;

    std::unique_ptr<Volume> volume_; // on the heap: readers refer to it while the filesystem moves
    std::unique_ptr<BlockReader> reader_;
    TreeRoot root_tree_;
    TreeRoot chunk_tree_;
};

} // namespace btrkit
