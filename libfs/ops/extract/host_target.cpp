// SPDX-License-Identifier: MIT
#include "libfs/ops/extract/host_target.h"

#include "libfs/base/names.h"

#include <cerrno>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace btrkit::extract {

namespace {

constexpr mode_t unfinished_mode = 01000;
constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct HostDirectory final : Place {
    HostDirectory(UniqueFd open, bool own) : fd(std::move(open)), was_made(own) {}
    UniqueFd fd;
    bool was_made; ///< now, so that it is the caller's
};

/// A file in pieces; where nobody says that it is whole, it goes.
struct HostFile final : Place {
    HostFile(UniqueFd open, std::shared_ptr<Place> in, std::string called)
        : fd(std::move(open)), directory(std::move(in)), name(std::move(called)) {}
    ~HostFile() override {
        if (!is_whole) {
            ::unlinkat(static_cast<HostDirectory&>(*directory).fd.get(), name.c_str(), 0);
        }
    }
    UniqueFd fd;
    std::shared_ptr<Place> directory;
    std::string name;
    bool is_whole = false;
    std::vector<SharedRun> shareable;
};

const HostDirectory& host(const std::shared_ptr<Place>& place) {
    return static_cast<const HostDirectory&>(*place);
}

/// What no other file would be spared of.
bool ends_all(int error) {
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EROFS:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return true;
    default: return false;
    }
}

bool same_time(const timespec& one, Time other) {
    return one.tv_sec == other.sec && one.tv_nsec == static_cast<long>(other.nsec);
}

bool write_run(int fd, const Run& run) {
    for (Bytes rest = run.bytes; !rest.empty();) {
        const auto at = static_cast<off_t>(run.offset + (run.bytes.size() - rest.size()));
        const auto written = ::pwrite(fd, rest.data(), rest.size(), at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        rest = rest.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

bool is_empty_folder(int fd) {
    const int own = ::openat(fd, ".", directory_flags);
    DIR* entries = own < 0 ? nullptr : ::fdopendir(own);
    if (entries == nullptr) {
        return false;
    }
    unsigned count = 0;
    while (count < 3 && ::readdir(entries) != nullptr) { // "." and ".."
        ++count;
    }
    ::closedir(entries);
    return count < 3;
}

} // namespace

HostTarget::HostTarget(std::string path, UniqueFd root, bool is_own, const HostOptions& options)
    : path_(std::move(path)), root_(std::move(root)), is_own_(is_own), options_(options),
      attributes_{.is_root = ::geteuid() == 0, .with_owners = options.with_owners, .with_flags = true},
      shared_(root_.get()) {}

bool HostTarget::write_runs(int fd, std::span<const Run> runs) {
    return std::ranges::all_of(runs, [&](const Run& run) { return shared_.share(fd, run) || write_run(fd, run); });
}

Result<std::unique_ptr<HostTarget>> HostTarget::open(const std::string& path, const HostOptions& options) {
    const bool was_made = ::mkdir(path.c_str(), 0700) == 0;
    // The folder itself may be reached through a link: who names it means where it leads.
    UniqueFd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) {
        return fail(ErrorKind::io,
                    fmt::format("{}: cannot open the folder: {}", printable(path), std::strerror(errno)));
    }
    const bool is_own = was_made || is_empty_folder(root.get());
    return std::unique_ptr<HostTarget>(new HostTarget(path, std::move(root), is_own, options));
}

Result<void> HostTarget::failed(Member& member, std::string_view doing) const {
    const int error = errno;
    auto text = fmt::format("cannot {}: {}", doing, std::strerror(error));
    if (ends_all(error)) {
        return fail(error == ENOSPC || error == EDQUOT ? ErrorKind::no_space : ErrorKind::io,
                    fmt::format("{}/{}: {}", printable(path_), printable(member.path), text));
    }
    member.leave_out(std::move(text));
    return {};
}

UniqueFd HostTarget::walk_to(std::string_view path) const {
    UniqueFd at(::openat(root_.get(), ".", directory_flags));
    for (const auto name : path_names(path)) {
        if (!at) {
            break;
        }
        const std::string each(name);
        ::mkdirat(at.get(), each.c_str(), 0700); // there already: then it is gone into
        at = UniqueFd(::openat(at.get(), each.c_str(), directory_flags));
    }
    return at;
}

Result<std::shared_ptr<Place>> HostTarget::enter_path(std::string_view path) {
    auto fd = walk_to(path);
    if (!fd) {
        return fail(ErrorKind::io, fmt::format("{}/{}: cannot open the directory: {}", printable(path_),
                                               printable(path), std::strerror(errno)));
    }
    return std::make_shared<HostDirectory>(std::move(fd), false);
}

Result<void> HostTarget::enter(Member& directory) {
    if (directory.path.empty()) {
        UniqueFd fd(::openat(root_.get(), ".", directory_flags));
        if (!fd) {
            return failed(directory, "open the folder");
        }
        directory.self = std::make_shared<HostDirectory>(std::move(fd), is_own_);
        return {};
    }
    const std::string name(directory.name());
    const int parent = host(directory.directory).fd.get();
    bool was_made = ::mkdirat(parent, name.c_str(), 0700) == 0;
    if (!was_made && errno != EEXIST) {
        return failed(directory, "make the directory");
    }
    UniqueFd fd(::openat(parent, name.c_str(), directory_flags));
    if (!fd && (errno == ENOTDIR || errno == ELOOP) && options_.overwrite) {
        ::unlinkat(parent, name.c_str(), 0);
        was_made = ::mkdirat(parent, name.c_str(), 0700) == 0;
        fd = UniqueFd(::openat(parent, name.c_str(), directory_flags));
    }
    if (!fd) {
        return failed(directory, "open the directory");
    }
    directory.self = std::make_shared<HostDirectory>(std::move(fd), was_made);
    return {};
}

bool HostTarget::is_own_file(int directory, const Member& member) {
    struct stat status{};
    return ::fstatat(directory, std::string(member.name()).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(status.st_mode) && (status.st_mode & 07777) == unfinished_mode;
}

bool HostTarget::make_way(Member& member) const {
    const int directory = host(member.directory).fd.get();
    if (!options_.overwrite && !is_own_file(directory, member)) {
        member.leave_out("is there already, and differs");
        return false;
    }
    if (::unlinkat(directory, std::string(member.name()).c_str(), 0) != 0) {
        member.leave_out(fmt::format("is there already, and can't be removed: {}", std::strerror(errno)));
        return false;
    }
    return true;
}

void HostTarget::look(Member& member) const {
    if (member.outcome != Outcome::made || member.kind == MemberKind::leave || member.kind == MemberKind::directory) {
        return;
    }
    const auto& directory = host(member.directory);
    struct stat status{};
    if (directory.was_made ||
        ::fstatat(directory.fd.get(), std::string(member.name()).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
    }
    const bool is_that_file =
        member.kind == MemberKind::file && S_ISREG(status.st_mode) && (status.st_mode & 07777) != unfinished_mode &&
        static_cast<u64>(status.st_size) == member.inode.size && same_time(status.st_mtim, member.inode.mtime);
    const bool is_that_special = member.kind == MemberKind::special &&
                                 (status.st_mode & S_IFMT) == member.inode.type() &&
                                 status.st_rdev == makedev(member.inode.device_major, member.inode.device_minor);
    if (is_that_file || is_that_special) {
        member.outcome = Outcome::present;
    }
}

/// Descriptor -1 where the member is left out.
Result<UniqueFd> HostTarget::make_file(Member& member) const {
    const std::string name(member.name());
    const int directory = host(member.directory).fd.get();
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd file(::openat(directory, name.c_str(), flags, unfinished_mode));
    if (!file && errno == EEXIST) {
        if (!make_way(member)) {
            return UniqueFd();
        }
        file = UniqueFd(::openat(directory, name.c_str(), flags, unfinished_mode));
    }
    if (!file) {
        BTRKIT_TRY(failed(member, "make the file"));
        return UniqueFd();
    }
    set_flags_of_empty(file.get(), member.inode);
    return file;
}

Result<void> HostTarget::begin_file(Member& file, const RangeSet&) {
    BTRKIT_TRY_ASSIGN(auto fd, make_file(file));
    if (!fd) {
        return {};
    }
    auto open = std::make_shared<HostFile>(std::move(fd), file.directory, std::string(file.name()));
    if (::ftruncate(open->fd.get(), static_cast<off_t>(file.inode.size)) != 0) {
        return failed(file, "set the size"); // and the file goes
    }
    file.self = std::move(open);
    return {};
}

Result<void> HostTarget::work(Member& member) {
    if (member.kind != MemberKind::file) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(auto fd, make_file(member));
    if (!fd) {
        return {};
    }
    HostFile file(std::move(fd), member.directory, std::string(member.name()));
    if (!write_runs(file.fd.get(), member.runs)) {
        return failed(member, "write");
    }
    const u64 end = member.runs.empty() ? 0 : member.runs.back().offset + member.runs.back().bytes.size();
    if (end != member.inode.size && ::ftruncate(file.fd.get(), static_cast<off_t>(member.inode.size)) != 0) {
        return failed(member, "set the size");
    }
    const bool is_owned =
        host(member.directory).was_made && member.inode.uid == ::geteuid() && member.inode.gid == ::getegid();
    set_attributes(file.fd.get(), member, attributes_, is_owned, not_set_);
    file.is_whole = true;
    add_shareable(member.runs, file.shareable);
    shared_.add(member.path, file.shareable);
    return {};
}

Result<void> HostTarget::work_piece(Member& file, std::span<const Run> runs) {
    if (!write_runs(static_cast<HostFile&>(*file.self).fd.get(), runs)) {
        return fail(
            errno == ENOSPC || errno == EDQUOT ? ErrorKind::no_space : ErrorKind::io,
            fmt::format("{}/{}: cannot write: {}", printable(path_), printable(file.path), std::strerror(errno)));
    }
    return {};
}

Result<void> HostTarget::finish_piece(Member& file, std::span<const Run> runs) {
    if (shared_.is_possible()) {
        add_shareable(runs, static_cast<HostFile&>(*file.self).shareable);
    }
    return {};
}

Result<void> HostTarget::end_file(Member& file) {
    if (file.outcome == Outcome::made) {
        auto& open = static_cast<HostFile&>(*file.self);
        set_attributes(open.fd.get(), file, attributes_, false, not_set_);
        open.is_whole = true;
        shared_.add(file.path, open.shareable);
    }
    file.self.reset();
    return {};
}

Result<void> HostTarget::finish(Member& member) {
    switch (member.kind) {
    case MemberKind::leave: {
        const auto& directory = host(member.self);
        if (!member.path.empty() || directory.was_made) {
            set_attributes(directory.fd.get(), member, attributes_, false, not_set_);
        }
        return {};
    }
    case MemberKind::symlink: return make_symlink(member);
    case MemberKind::special: return make_special(member);
    case MemberKind::hard_link: return make_link(member);
    default: return {};
    }
}

Result<void> HostTarget::make_symlink(Member& member) {
    const std::string name(member.name());
    const int directory = host(member.directory).fd.get();
    if (::symlinkat(member.target.c_str(), directory, name.c_str()) != 0) {
        if (errno != EEXIST) {
            return failed(member, "make the symbolic link");
        }
        std::string old(member.target.size() + 1, '\0');
        const auto length = ::readlinkat(directory, name.c_str(), old.data(), old.size());
        if (length >= 0 && old.substr(0, static_cast<std::size_t>(length)) == member.target) {
            member.outcome = Outcome::present;
        } else if (!make_way(member)) {
            return {};
        } else if (::symlinkat(member.target.c_str(), directory, name.c_str()) != 0) {
            return failed(member, "make the symbolic link");
        }
    }
    set_attributes_of_name(directory, name, member, attributes_, not_set_);
    return {};
}

Result<void> HostTarget::make_special(Member& member) {
    const std::string name(member.name());
    const auto& inode = member.inode;
    const int directory = host(member.directory).fd.get();
    const auto make = [&] {
        return ::mknodat(directory, name.c_str(), inode.type() | 0600,
                         makedev(inode.device_major, inode.device_minor)) == 0;
    };
    bool is_made = make();
    if (!is_made && errno == EEXIST) {
        if (!make_way(member)) {
            return {};
        }
        is_made = make();
    }
    if (!is_made && errno == EPERM) {
        not_set_.add(member, "device", errno); // only root makes devices
        member.outcome = Outcome::present;
        return {};
    }
    if (!is_made) {
        return failed(member, "make the device or fifo");
    }
    set_attributes_of_name(directory, name, member, attributes_, not_set_);
    return {};
}

Result<void> HostTarget::make_link(Member& member) {
    const std::string name(member.name());
    const int directory = host(member.directory).fd.get();
    const auto slash = member.target.rfind('/');
    const auto folder = slash == std::string::npos ? std::string() : member.target.substr(0, slash);
    const auto first_name = member.target.substr(slash + 1);
    const auto first = walk_to(folder);
    const auto link = [&] { return ::linkat(first.get(), first_name.c_str(), directory, name.c_str(), 0) == 0; };
    if (!first || !link()) {
        struct stat one{};
        struct stat other{};
        if (errno != EEXIST) {
            return failed(member, fmt::format("make another name of {}", printable(member.target)));
        }
        if (::fstatat(first.get(), first_name.c_str(), &one, AT_SYMLINK_NOFOLLOW) == 0 &&
            ::fstatat(directory, name.c_str(), &other, AT_SYMLINK_NOFOLLOW) == 0 && one.st_dev == other.st_dev &&
            one.st_ino == other.st_ino) {
            member.outcome = Outcome::present;
        } else if (make_way(member) && !link()) {
            return failed(member, "make another name");
        }
    }
    return {};
}

} // namespace btrkit::extract
