// SPDX-License-Identifier: MIT
#include "libfs/ops/edit_files/get.h"

#include "libfs/base/names.h"
#include "libfs/base/unique_fd.h"
#include "libfs/fs/directory.h"
#include "libfs/fs/file_data.h"
#include "libfs/ops/source/host_failure.h"

#include <algorithm>
#include <array>
#include <map>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace btrkit::edit_files {

namespace {

timespec host_time(Time time) {
    return {.tv_sec = time.sec, .tv_nsec = static_cast<long>(time.nsec)};
}

class Getter {
public:
    Getter(const Filesystem& filesystem, const RunContext& context)
        : filesystem_(filesystem), context_(context), reader_(filesystem, context.problems) {}

    /// Makes an entry of an open directory of the host.
    Result<void> get(const InodePlace& place, int parent, const std::string& name, const std::string& path) {
        if (context_.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; what was taken out stays");
        }
        BTRKIT_TRY_ASSIGN(const auto inode, read_inode(filesystem_, place));
        ++report_.file_count;
        switch (inode.type()) {
        case S_IFDIR: return get_directory(place, inode, parent, name, path);
        case S_IFREG: return get_file(place, inode, parent, name, path);
        case S_IFLNK: return get_symlink(place, inode, parent, name, path);
        default: ++report_.special_count; return {};
        }
    }

    Result<void> write_out(const InodePlace& place, const Inode& inode, OutputSink& out) {
        const std::vector<std::byte> zeros(64 * kib);
        reader_.open(place, inode);
        for (;;) {
            BTRKIT_TRY_ASSIGN(const auto run, reader_.next());
            if (!run) {
                return {};
            }
            if (!run->is_zeros()) {
                BTRKIT_TRY(out.write(as_text(run->bytes)));
            }
            for (u64 left = run->is_zeros() ? run->length : 0; left > 0;) {
                const auto part = std::min<u64>(left, zeros.size());
                BTRKIT_TRY(out.write(as_text(Bytes(zeros).first(part))));
                left -= part;
            }
        }
    }

    const GetReport& report() const { return report_; }

private:
    /// Last: what is written before would change it again. Set-user-id bits are left out: whoever takes a file out owns
    /// it now.
    Result<void> set_attributes(int fd, const Inode& inode, const std::string& path) const {
        if (::geteuid() == 0 && ::fchown(fd, inode.uid, inode.gid) != 0) {
            return source::host_failure(path, "set the owner");
        }
        const std::array<timespec, 2> times = {host_time(inode.atime), host_time(inode.mtime)};
        if (::fchmod(fd, inode.mode & 0777) != 0 || ::futimens(fd, times.data()) != 0) {
            return source::host_failure(path, "set mode and times");
        }
        return {};
    }

    Result<void> get_file(const InodePlace& place, const Inode& inode, int parent, const std::string& name,
                          const std::string& path) {
        const UniqueFd file(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file) {
            return source::host_failure(path, "make the file");
        }
        reader_.open(place, inode);
        for (;;) {
            BTRKIT_TRY_ASSIGN(const auto run, reader_.next());
            if (!run) {
                break;
            }
            BTRKIT_TRY(write_run(file.get(), *run, path));
        }
        if (::ftruncate(file.get(), static_cast<off_t>(inode.size)) != 0) {
            return source::host_failure(path, "set the size");
        }
        return set_attributes(file.get(), inode, path);
    }

    static Result<void> write_run(int fd, const FileRun& run, const std::string& path) {
        for (Bytes rest = run.bytes; !rest.empty();) {
            const auto at = static_cast<off_t>(run.offset + (run.bytes.size() - rest.size()));
            const auto written = ::pwrite(fd, rest.data(), rest.size(), at);
            if (written < 0) {
                return source::host_failure(path, "write");
            }
            rest = rest.subspan(static_cast<std::size_t>(written));
        }
        return {};
    }

    Result<void> get_symlink(const InodePlace& place, const Inode& inode, int parent, const std::string& name,
                             const std::string& path) {
        BTRKIT_TRY_ASSIGN(auto target, read_symlink(reader_, place, inode));
        target.resize(std::min(target.find('\0'), target.size()));
        if (::symlinkat(target.c_str(), parent, name.c_str()) != 0) {
            return source::host_failure(path, "make the symbolic link");
        }
        const std::array<timespec, 2> times = {host_time(inode.atime), host_time(inode.mtime)};
        ::utimensat(parent, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
        return {};
    }

    Result<void> get_directory(const InodePlace& place, const Inode& inode, int parent, const std::string& name,
                               const std::string& path) {
        if (::mkdirat(parent, name.c_str(), 0700) != 0) {
            return source::host_failure(path, "make the directory");
        }
        const UniqueFd made(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!made) {
            return source::host_failure(path, "open the directory");
        }
        if (std::ranges::count(path, '/') > static_cast<std::ptrdiff_t>(most_levels)) {
            return fail(ErrorKind::damaged, fmt::format("{}: directories without end", printable(path)));
        }
        Directory directory(filesystem_, place);
        for (;;) {
            BTRKIT_TRY_ASSIGN(const auto entry, directory.next());
            if (!entry) {
                return set_attributes(made.get(), inode, path);
            }
            BTRKIT_TRY_ASSIGN(const auto target, follow(filesystem_, place, *entry));
            if (target) {
                BTRKIT_TRY(get(*target, made.get(), entry->name, path + '/' + entry->name));
            }
        }
    }

    /// No deeper: each level is open at the host, and stands on the stack.
    static constexpr std::size_t most_levels = 500;

    const Filesystem& filesystem_;
    const RunContext& context_;
    FileReader reader_;
    GetReport report_;
};

} // namespace

Result<GetReport> get(const Filesystem& filesystem, const std::string& path, const std::string& host,
                      const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto place, find_path(filesystem, path));
    struct stat status{};
    if (::lstat(host.c_str(), &status) == 0) {
        return fail(ErrorKind::refused, fmt::format("{}: is there already; nothing was taken out", printable(host)));
    }
    Getter getter(filesystem, context);
    BTRKIT_TRY(getter.get(place, AT_FDCWD, host, host));
    return getter.report();
}

Result<void> get_contents(const Filesystem& filesystem, const std::string& path, OutputSink& out,
                          const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto place, find_path(filesystem, path));
    BTRKIT_TRY_ASSIGN(const auto inode, read_inode(filesystem, place));
    if (!S_ISREG(inode.mode)) {
        return fail(ErrorKind::refused, fmt::format("path {}: is no regular file", printable(path)));
    }
    return Getter(filesystem, context).write_out(place, inode, out);
}

} // namespace btrkit::edit_files
