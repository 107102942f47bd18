// SPDX-License-Identifier: MIT
// Another filesystem as a donor: the image of a backup, or the other device of a pair that went apart.
#pragma once

#include "libfs/fs/compression.h"
#include "libfs/fs/file_extents.h"
#include "libfs/ops/scrub/donor/file_donor.h"

#include <vector>

namespace btrkit::scrub {

class ImageDonor final : public Donor {
public:
    /// No more subvolumes than that are searched for a path: a backup may have any number of snapshots.
    static constexpr std::size_t most_subvolumes = 1024;

    /// as_file: the same image, as a file among files.
    ImageDonor(Filesystem filesystem, HostFile as_file);

    const std::string& name() const override { return as_file_.name(); }
    bool offer_at(const Wanted& wanted, u32 sectorsize, const TryBytes& accept) override;
    void visit_all(const Search& search, const StopToken& stop) override;

private:
    /// A regular file.
    struct File {
        InodePlace place;
        Inode inode;
    };
    struct Request;

    void look_up(const Wanted& wanted);
    void look_up_in_subvolumes();
    void add_file(std::vector<File>& files, const InodePlace& top, const std::string& path) const;
    const std::vector<TreeRoot>& subvolumes();

    bool offer_from(const File& file, Request& request);
    bool offer_compressed_sector(const File& file, Request& request);
    bool offer_plain_sector(const File& file, Request& request);
    bool offer_unpacked(const FileExtent& extent, Request& request);
    bool offer_copies(Logical at, Request& request);

    Filesystem filesystem_;
    FileDonor as_file_;
    Decompressor decompressor_;
    std::optional<std::vector<TreeRoot>> subvolumes_;

    // The files of the last path, as the sectors of one are wanted one after the other.
    std::string path_;
    std::string path_in_subvolume_;
    std::vector<File> files_;                           ///< at the path itself
    std::optional<std::vector<File>> subvolumes_files_; ///< at that path in subvolumes
};

} // namespace btrkit::scrub
