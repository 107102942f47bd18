// SPDX-License-Identifier: MIT
#include "libfs/ops/extract/shared_data.h"

#include "libfs/base/unique_fd.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace btrkit::extract {

namespace {

/// Smaller ones are not worth two system calls, and few filesystems share less than that.
constexpr u64 least_shared_bytes = 4096;

/// Whether a file in the folder takes the (empty) contents of another one.
bool can_share_in(int root) {
    const auto make = [root] { return UniqueFd(::openat(root, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)); };
    const auto one = make();
    const auto other = make();
    return one && other && ::ioctl(one.get(), FICLONE, other.get()) == 0;
}

/// Nothing on the way, nor the file, is a symbolic link.
UniqueFd open_within(int root, const std::string& path) {
    open_how how{.flags = O_RDONLY | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    return UniqueFd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
}

} // namespace

void add_shareable(std::span<const Run> runs, std::vector<SharedRun>& shareable) {
    for (const auto& run : runs) {
        if (run.data.disk != 0 && run.bytes.size() >= least_shared_bytes) {
            shareable.push_back({.data = run.data, .offset = run.offset, .length = run.bytes.size()});
        }
    }
}

SharedData::SharedData(int root) : root_(root), is_possible_(can_share_in(root)) {}

bool SharedData::share(int fd, const Run& run) {
    if (!is_possible_ || run.data.disk == 0 || run.bytes.size() < least_shared_bytes) {
        return false;
    }
    file_clone_range range{.src_fd = -1, .src_offset = 0, .src_length = run.bytes.size(), .dest_offset = run.offset};
    std::string path;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = sources_.find(run.data);
        // What is no multiple of a block must be the end of both files.
        if (found == sources_.end() || found->second.length != run.bytes.size()) {
            return false;
        }
        range.src_offset = found->second.offset;
        path = paths_[found->second.file];
    }
    const auto source = open_within(root_, path);
    range.src_fd = source.get();
    if (!source || ::ioctl(fd, FICLONERANGE, &range) != 0) {
        return false;
    }
    shared_bytes_ += run.bytes.size();
    return true;
}

void SharedData::add(const std::string& path, std::span<const SharedRun> runs) {
    const std::scoped_lock lock(mutex_);
    if (!is_possible_ || sources_.size() >= most_sources) {
        return;
    }
    const auto file = static_cast<u32>(paths_.size());
    bool is_new = false;
    for (const auto& run : runs) {
        const Source source{.offset = run.offset, .length = static_cast<u32>(run.length), .file = file};
        is_new = sources_.try_emplace(run.data, source).second || is_new;
    }
    if (is_new) {
        paths_.push_back(path);
    }
}

} // namespace btrkit::extract
