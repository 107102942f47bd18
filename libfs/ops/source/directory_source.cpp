// SPDX-License-Identifier: MIT
#include "libfs/ops/source/directory_source.h"

#include "libfs/base/names.h"
#include "libfs/base/work_list.h"
#include "libfs/io/open_below.h"
#include "libfs/ops/source/host_content.h"
#include "libfs/ops/source/host_failure.h"
#include "libfs/ops/source/path_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>

namespace btrkit::source {

namespace {

/// Directories that stay open only so that those in them need not be opened by their whole path.
constexpr int most_waiting_directories = 128;

struct Walked;

struct WalkedEntry {
    std::string name;
    HostInode host;
    Walked* below = nullptr; ///< of a directory
};

/// A directory as the walk found it.
struct Walked {
    const Walked* parent = nullptr;
    std::string name;
    FileIdentity identity;
    u64 flags = 0;
    std::vector<WalkedEntry> entries; ///< sorted by name
    std::optional<Error> error;       ///< stands behind the entries: those after it are missing
};

/// From the top; "." for the top.
std::string path_of(const Walked& directory) {
    std::vector<const std::string*> names;
    for (const Walked* at = &directory; at->parent != nullptr; at = at->parent) {
        names.push_back(&at->name);
    }
    return path_from_below(names);
}

/// An open directory, and how many of them there are.
struct OpenDirectory {
    OpenDirectory(HostDirectory opened, std::atomic<int>& counter) : host(std::move(opened)), count(counter) {
        ++count;
    }
    OpenDirectory(const OpenDirectory&) = delete;
    OpenDirectory& operator=(const OpenDirectory&) = delete;
    ~OpenDirectory() { --count; }

    HostDirectory host;
    std::atomic<int>& count;
};

struct Job {
    Walked* directory = nullptr;
    std::shared_ptr<const OpenDirectory> parent = {}; ///< null: open it from the top
};

/// The names in the directory, sorted.
Result<std::vector<std::string>> read_names(const HostDirectory& directory) {
    constexpr std::size_t buffer_bytes = 32768;
    alignas(dirent64) std::array<char, buffer_bytes> buffer;
    std::vector<std::string> names;
    while (true) {
        const ssize_t got = ::getdents64(directory.fd.get(), buffer.data(), buffer.size());
        if (got < 0) {
            return host_failure(".", "read the directory");
        }
        if (got == 0) {
            std::ranges::sort(names);
            return names;
        }
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
            const std::string_view name = &entry->d_name[0];
            if (name != "." && name != "..") {
                names.emplace_back(name);
            }
            at += entry->d_reclen;
        }
    }
}

class DirectoryWalk {
public:
    DirectoryWalk(int root, std::string path) : root_(root), path_(std::move(path)) {
        const std::string by_descriptor = fmt::format("/proc/self/fd/{}/.", root);
        struct stat status{};
        has_proc_ = ::stat(by_descriptor.c_str(), &status) == 0;
        struct stat expected{};
        has_proc_ = has_proc_ && ::fstat(root, &expected) == 0 && status.st_ino == expected.st_ino;
    }

    Result<void> run(Parallelism parallelism);

    Walked& top() { return all_.front(); }
    HostInode& top_inode() { return top_inode_; }

private:
    std::string shown_path(const Walked& directory) const;
    /// The error of something in the directory, which begins with that thing's name, with the directory's path before.
    std::unexpected<Error> failure_in(const Walked& directory, Error error) const;
    Result<HostDirectory> open(const Job& job) const;
    template <class Add>
    Result<void> list(const Job& job, const Add& add);
    Walked& new_directory(const Walked& parent, const WalkedEntry& entry);

    int root_;
    std::string path_;
    bool has_proc_ = false; ///< descriptors have paths
    HostInode top_inode_;
    std::mutex mutex_;
    std::deque<Walked> all_; ///< not in each other: a deep tree must not be taken down by recursion
    std::atomic<int> open_directories_ = 0;
};

std::string DirectoryWalk::shown_path(const Walked& directory) const {
    return directory.parent == nullptr ? path_ : path_ + '/' + path_of(directory);
}

std::unexpected<Error> DirectoryWalk::failure_in(const Walked& directory, Error error) const {
    return fail(error.kind, printable(shown_path(directory)) + '/' + error.message);
}

Result<HostDirectory> DirectoryWalk::open(const Job& job) const {
    const Walked& directory = *job.directory;
    HostDirectory opened;
    opened.fd = job.parent ? open_below(job.parent->host.fd.get(), directory.name, O_DIRECTORY)
                           : open_below(root_, path_of(directory), O_DIRECTORY);
    if (!opened.fd) {
        return host_failure(shown_path(directory), "open the directory");
    }
    struct stat status{};
    if (::fstat(opened.fd.get(), &status) != 0) {
        return host_failure(shown_path(directory), "stat");
    }
    if (directory.parent != nullptr &&
        (status.st_dev != directory.identity.device || status.st_ino != directory.identity.inode)) {
        return changed_failure(shown_path(directory));
    }
    opened.xattr_path = has_proc_ ? fmt::format("/proc/self/fd/{}/", opened.fd.get()) : shown_path(directory) + '/';
    return opened;
}

Walked& DirectoryWalk::new_directory(const Walked& parent, const WalkedEntry& entry) {
    const std::lock_guard lock(mutex_);
    Walked& made = all_.emplace_back();
    made.parent = &parent;
    made.name = entry.name;
    made.identity = entry.host.identity;
    return made;
}

template <class Add>
Result<void> DirectoryWalk::list(const Job& job, const Add& add) {
    Walked& directory = *job.directory;
    BTRKIT_TRY_ASSIGN(auto host, open(job));
    const auto opened = std::make_shared<const OpenDirectory>(std::move(host), open_directories_);
    const auto flags = read_host_flags(opened->host.fd.get(), S_IFDIR, ".");
    if (!flags) {
        return failure_in(directory, flags.error());
    }
    directory.flags = *flags;
    auto names = read_names(opened->host);
    if (!names) {
        return failure_in(directory, names.error());
    }
    directory.entries.reserve(names->size());
    for (std::string& name : *names) {
        auto host_inode = read_host_inode(opened->host, name);
        if (!host_inode) {
            return failure_in(directory, host_inode.error());
        }
        WalkedEntry& entry = directory.entries.emplace_back(std::move(name), std::move(*host_inode));
        if (S_ISDIR(entry.host.inode.mode)) {
            entry.below = &new_directory(directory, entry);
            add({.directory = entry.below, .parent = open_directories_ < most_waiting_directories ? opened : nullptr});
        }
    }
    return {};
}

Result<void> DirectoryWalk::run(Parallelism parallelism) {
    Walked& top = all_.emplace_back();
    BTRKIT_TRY_ASSIGN(const auto root, open({.directory = &top}));
    auto inode = read_host_inode(root, ".");
    if (!inode) {
        return failure_in(top, inode.error());
    }
    top_inode_ = std::move(*inode);
    run_work_list(parallelism, Job{.directory = &top}, [this](const Job& job, const auto& add) {
        const Result<void> listed = list(job, add);
        if (!listed) {
            job.directory->error = listed.error();
        }
    });
    return {};
}

/// The walk's directories as a tree, in the order of names.
class TreeMaker {
public:
    TreeMaker(HostContent& content, SourceTree& tree) : content_(content), tree_(tree) {}

    /// Takes apart what the walk found, so that not everything is there twice.
    Result<void> make(Walked& top, HostInode& top_inode);

private:
    struct Level {
        Walked* directory;
        u32 inode;
        u32 folder;
        std::size_t next = 0;
    };

    u32 inode_of(WalkedEntry& entry, u32 folder);

    HostContent& content_;
    SourceTree& tree_;
    std::map<std::pair<u64, u64>, u32> linked_; ///< device and inode of files with several names
};

u32 TreeMaker::inode_of(WalkedEntry& entry, u32 folder) {
    HostInode& host = entry.host;
    const u32 mode = host.inode.mode;
    const bool may_be_linked = host.nlink > 1 && !S_ISDIR(mode);
    const auto next = static_cast<u32>(tree_.inodes.size());
    if (may_be_linked) {
        const auto [found, is_new] = linked_.try_emplace({host.identity.device, host.identity.inode}, next);
        if (!is_new) {
            return found->second;
        }
    }
    SourceInode& inode = tree_.inodes.emplace_back(std::move(host.inode));
    if (S_ISREG(inode.mode) && inode.size != 0) {
        inode.content = content_.add_file(folder, entry.name, host.identity);
    }
    return next;
}

Result<void> TreeMaker::make(Walked& top, HostInode& top_inode) {
    tree_.inodes.push_back(std::move(top_inode.inode));
    tree_.inodes.front().flags = top.flags;
    std::vector<Level> levels = {{&top, 0, content_.add_folder(HostContent::no_folder, {})}};
    while (!levels.empty()) {
        Level& level = levels.back();
        if (level.next == level.directory->entries.size()) {
            if (level.directory->error) {
                return std::unexpected(*level.directory->error);
            }
            level.directory->entries = {};
            levels.pop_back();
            continue;
        }
        WalkedEntry& entry = level.directory->entries[level.next++];
        const u32 inode = inode_of(entry, level.folder);
        tree_.inodes[level.inode].entries.push_back({.name = entry.name, .inode = inode});
        if (entry.below != nullptr) {
            tree_.inodes[inode].flags = entry.below->flags;
            levels.push_back({entry.below, inode, content_.add_folder(level.folder, entry.name)});
        }
    }
    return {};
}

} // namespace

Result<SourceTree> read_directory(const std::string& path, Parallelism parallelism) {
    UniqueFd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) {
        return host_failure(path, "open the directory");
    }
    SourceTree tree;
    {
        DirectoryWalk walk(root.get(), path);
        BTRKIT_TRY(walk.run(parallelism));
        auto content = std::make_unique<HostContent>(std::move(root), path);
        BTRKIT_TRY(TreeMaker(*content, tree).make(walk.top(), walk.top_inode()));
        tree.content = std::move(content);
    }
    settle(tree);
    return tree;
}

Result<SourceTree> read_file(const std::string& path) {
    const auto slash = path.rfind('/');
    const auto name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    const auto folder = slash == std::string::npos ? std::string(".") : path.substr(0, slash);
    HostDirectory directory = {.fd = UniqueFd(::open((folder + '/').c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
                               .xattr_path = folder + '/'};
    if (!directory.fd) {
        return host_failure(path, "open the directory of it");
    }
    auto host = read_host_inode(directory, name);
    if (!host) {
        return fail(host.error().kind, printable(folder) + '/' + host.error().message);
    }
    if (S_ISDIR(host->inode.mode)) {
        return fail(ErrorKind::usage, printable(path) + ": is a directory");
    }
    auto tree = empty_source_tree(host->inode.mtime);
    auto content = std::make_unique<HostContent>(std::move(directory.fd), folder);
    const u32 top = content->add_folder(HostContent::no_folder, {});
    if (S_ISREG(host->inode.mode) && host->inode.size != 0) {
        host->inode.content = content->add_file(top, name, host->identity);
    }
    tree.inodes.push_back(std::move(host->inode));
    tree.inodes.front().entries.push_back({.name = name, .inode = 1});
    tree.content = std::move(content);
    settle(tree);
    return tree;
}

} // namespace btrkit::source
