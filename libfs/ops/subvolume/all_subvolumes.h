// SPDX-License-Identifier: MIT
// All subvolumes of a filesystem: what the verbs that only read tell of them.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/survey/roots.h"

namespace btrkit::subvolume {

struct SubvolumeInfo {
    survey::RootRecord root;
    u64 parent_id = 0; ///< of the subvolume that it hangs in; 0: it hangs nowhere
    /// From the top: "/a/b", "/" of the top-level one. Empty: it is deleted and waits to be cleaned up. Begins with
    /// "..." where the names above could not be read, or are too many (survey/naming/paths.h).
    std::string path;
    bool is_default = false; ///< the one that is mounted if nothing else is said

    u64 id() const { return root.id(); }
    bool is_deleted() const { return path.empty(); }
    bool is_read_only() const { return (root.item.flags & btrfs::root_subvol_rdonly) != 0; }
    bool has_whole_path() const { return path.starts_with('/') || is_deleted(); }
    /// The last part of its path; empty of the top-level one, and where it is deleted.
    std::string_view name() const { return std::string_view(path).substr(path.rfind('/') + 1); }
    /// In which it was made. Very old root items don't tell; that of a snapshot has it in its key.
    u64 generation_made() const {
        return root.item.otransid != 0 ? u64{root.item.otransid} : root.root.root_key.offset;
    }
};

class AllSubvolumes {
public:
    /// Damage that could be read past is told. Fails with cancelled.
    static Result<AllSubvolumes> read(const Filesystem& filesystem, const RunContext& context);

    /// In order of their ids, the top-level one first.
    const std::vector<SubvolumeInfo>& all() const { return all_; }
    /// Null where there is none of that id.
    const SubvolumeInfo* find(u64 id) const;
    /// Of each of all(): whether the way up leads to that one. (It does not from that one itself.)
    std::vector<bool> below(u64 id) const;
    /// What is not deleted as it hangs together: each before those that hang in it, in order of their ids.
    std::vector<const SubvolumeInfo*> from_the_top() const;

    u64 default_id() const { return default_id_; }
    /// Whether the root tree could be read as a whole: else there may be more of them.
    bool is_complete() const { return is_complete_; }

private:
    std::vector<SubvolumeInfo> all_;
    u64 default_id_ = btrfs::fs_tree_id;
    bool is_complete_ = true;
};

/// The one that is mounted if nothing else is said. Fails with not_found where that is none, or as AllSubvolumes.
Result<SubvolumeInfo> get_default(const Filesystem& filesystem, const RunContext& context);

} // namespace btrkit::subvolume
