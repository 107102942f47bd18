// SPDX-License-Identifier: MIT
// Subvolumes with random files, planted so that they share blocks as snapshots do; and what they have, by a plain model
// that counts one reference after the other.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/ops/usage/files/files.h"
#include "tests/support/open_filesystem.h"
#include "tests/support/sharing_planter.h"

#include <random>
#include <set>

namespace btrkit::test {

/// A data extent. All its references say the same of it.
struct ModelExtent {
    u64 bytenr = 0;
    u64 disk_bytes = 0;
    u64 ram_bytes = 0;
    usage::DataKind kind = usage::DataKind::none;

    bool is_compressed() const { return kind != usage::DataKind::none && kind != usage::DataKind::prealloc; }
};

struct ModelRef {
    std::size_t extent = 0;
    u64 offset = 0;
    u64 num_bytes = 0;
};

struct ModelFile {
    std::map<u64, ModelRef> refs = {}; ///< by offset in the file
    std::optional<std::string> inline_content = {};
};

/// The files of a subvolume, by inode.
using ModelTree = std::map<u64, ModelFile>;

class PlantedFiles {
public:
    static constexpr u64 first_snapshot = 300;

    explicit PlantedFiles(unsigned seed);

    /// Of the top-level tree and its snapshots.
    const std::map<u64, ModelTree>& trees() const { return trees_; }
    const std::vector<ModelExtent>& extents() const { return extents_; }
    /// A snapshot that waits to be cleaned up; its references count, but not among all that there is.
    bool is_deleted(u64 tree) const { return tree == deleted_; }
    /// The files of the top-level tree, by path.
    const std::map<std::string, u64>& paths() const { return paths_; }
    OpenFilesystem open() { return open_filesystem(image_.all_devices()); }

    /// What the files of these trees have, as the model counts; files: of these inodes only.
    usage::FileUse count(const std::set<std::pair<u64, u64>>& files) const;
    std::set<std::pair<u64, u64>> files_of(u64 tree) const;
    u64 partly_seen_count() const;
    u64 wasted_bytes() const;

private:
    void make_extents();
    ModelFile random_file();
    void plant();
    Items items_of(const ModelTree& tree) const;
    RangeSet seen(std::size_t extent) const;
    u64 wasted(std::size_t extent) const;
    bool is_shared(std::size_t extent) const;

    std::mt19937 random_;
    std::vector<ModelExtent> extents_;
    std::map<u64, ModelTree> trees_;
    u64 deleted_ = 0;
    std::map<std::string, u64> paths_;
    FileTree names_;
    MetadataImage image_;
};

} // namespace btrkit::test
