// SPDX-License-Identifier: MIT
// A source tree brought into a filesystem that is being changed: first all names and inodes, then the data of files, on
// all cores.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/edit/file_data_writer.h"
#include "libfs/edit/file_editor.h"
#include "libfs/ops/source/batch_maker.h"

namespace btrkit::edit_files {

class TreePutter {
public:
    /// All must outlive it. compression: where neither a file nor its directory says another one. The tree's flags
    /// become those that its inodes have in the filesystem.
    TreePutter(InodeEditor& inodes, FileEditor& files, source::SourceTree& tree, CompressionMethod compression,
               const RunContext& context);

    /// The entries of a directory of the source become entries of that directory. Directories that are there stay what
    /// they are, and take in what theirs hold; files that are there are replaced. Fails with refused where a directory
    /// and a file would have one name, naming the path from `way` on.
    Result<void> put_entries(u32 source_dir, const PlaceInTree& dir, const std::string& way);
    /// An inode of the source as an entry.
    Result<void> put(u32 source_inode, const NamedPlace& place, const std::string& way);
    /// Fills all files that were made.
    Result<void> write_data();

private:
    struct Level {
        u32 source_dir = 0;
        PlaceInTree dir;
        std::string way;
        bool is_new = false;
        std::size_t next = 0;
    };

    Result<void> put_levels();
    Result<std::optional<Level>> put_one(u32 source_inode, const NamedPlace& place, const std::string& way);
    Result<PlaceInTree> make(u32 source_inode, const NamedPlace& place);
    Result<void> date_directory(const Level& level);
    Result<void> fill(std::span<const u32> files, CompressionMethod method);
    Result<void> store(const source::Batch& batch, FileDataWriter& writer, std::optional<u32>& open);
    Result<void> store_step(const source::Batch& batch, const source::Step& step, FileDataWriter& writer,
                            std::optional<u32>& open);

    InodeEditor* inodes_;
    FileEditor* files_;
    source::SourceTree* tree_;
    CompressionMethod compression_;
    RunContext context_;
    std::vector<Level> levels_;
    std::vector<std::optional<PlaceInTree>> places_;                      ///< of each source inode that was made
    std::vector<std::pair<CompressionMethod, std::vector<u32>>> to_fill_; ///< by how they are compressed
};

} // namespace btrkit::edit_files
