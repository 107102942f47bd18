// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/donor/folder_donor.h"

#include "libfs/io/open_below.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace btrkit::scrub {

namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

/// A directory in which the walk stands.
struct Level {
    std::unique_ptr<DIR, CloseDirectory> directory;
    std::size_t path_length = 0; ///< of its own path
};

/// What stx_mnt_id says: of a btrfs, every subvolume has a device number of its own, but the mount is one.
struct Mount {
    u64 id = 0;
    u32 device_major = 0;
    u32 device_minor = 0;

    friend bool operator==(const Mount&, const Mount&) = default;
};

struct Status {
    u32 type = 0;
    u64 size_bytes = 0;
    Mount mount = {};
};

/// Of the entry called name of a directory, or of the directory itself where that is empty.
std::optional<Status> status_of(int directory, const char* name) {
    struct statx got{};
    const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;
    if (::statx(directory, name, flags, STATX_TYPE | STATX_SIZE | STATX_MNT_ID, &got) != 0) {
        return std::nullopt;
    }
    Status status{.type = u32{got.stx_mode} & S_IFMT, .size_bytes = got.stx_size};
    if ((got.stx_mask & STATX_MNT_ID) != 0) {
        status.mount.id = got.stx_mnt_id;
    } else { // kernels before 5.8
        status.mount.device_major = got.stx_dev_major;
        status.mount.device_minor = got.stx_dev_minor;
    }
    return status;
}

/// Depth first; of the folder that is walked, only the directories on the way are held.
class Walk {
public:
    Walk(const Search& search, const StopToken& stop, std::string path)
        : visitor_(search, stop), stop_(stop), path_(std::move(path)) {}

    void run(int folder) {
        const auto status = status_of(folder, "");
        if (!status) {
            return;
        }
        mount_ = status->mount;
        enter(folder, ".");
        while (!levels_.empty() && !stop_.stop_requested() && step()) {
        }
    }

private:
    void enter(int directory, const std::string& name) {
        UniqueFd fd = open_below(directory, name, O_DIRECTORY);
        if (!fd) {
            return;
        }
        if (DIR* opened = ::fdopendir(fd.get()); opened != nullptr) {
            static_cast<void>(fd.release()); // closedir() closes it
            levels_.push_back({.directory = std::unique_ptr<DIR, CloseDirectory>(opened), .path_length = path_.size()});
        }
    }

    /// Looks at the next entry. False where the search is over.
    bool step() {
        const Level& level = levels_.back();
        path_.resize(level.path_length);
        const dirent* entry = ::readdir(level.directory.get());
        if (entry == nullptr) {
            levels_.pop_back();
            return true;
        }
        const std::string name(std::data(entry->d_name));
        if (name == "." || name == "..") {
            return true;
        }
        const int directory = ::dirfd(level.directory.get());
        const auto status = status_of(directory, name.c_str());
        if (!status || status->mount != mount_) {
            return true;
        }
        path_ += path_.ends_with('/') ? name : "/" + name;
        if (status->type == S_IFDIR && levels_.size() < FolderDonor::most_depth) {
            enter(directory, name);
        } else if (status->type == S_IFREG) {
            const UniqueFd file = open_regular_file(directory, name);
            return !file || visitor_.visit_file(file.get(), status->size_bytes, path_);
        }
        return true;
    }

    SectorVisitor visitor_;
    StopToken stop_;
    std::string path_; ///< of what the walk stands on
    Mount mount_;
    std::vector<Level> levels_;
};

} // namespace

bool FolderDonor::offer_at(const Wanted& wanted, u32 sectorsize, const TryBytes& accept) {
    if (!wanted.file_offset) {
        return false; // what a file holds is unpacked: it has no sector of a compressed extent
    }
    const auto offer = [&](const std::string& path) {
        const UniqueFd file = open_file_in(folder_.get(), path);
        return file && offer_sector(file.get(), *wanted.file_offset, sectorsize, accept);
    };
    return offer(wanted.path) || (wanted.path_in_subvolume != wanted.path && offer(wanted.path_in_subvolume));
}

void FolderDonor::visit_all(const Search& search, const StopToken& stop) {
    Walk(search, stop, name_).run(folder_.get());
}

} // namespace btrkit::scrub
