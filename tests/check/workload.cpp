// SPDX-License-Identifier: MIT
// Random use of a directory on a mounted btrfs: workload DIR SEED OPERATIONS [--hold]
//
// The same seed does the same on the same directory. What can't be done (no space, wrong kind of file) is passed over.
// With --hold some files that are open have no name in the end; then "held" is printed, and the process stays until its
// standard input ends.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace {

constexpr std::uint64_t block_bytes = 4096;
constexpr std::uint64_t largest_offset = 4 << 20;

class File {
public:
    File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0644)) {}
    ~File() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    int fd() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

class Workload {
public:
    Workload(std::string top, std::uint64_t seed) : random_(seed), directories_({std::move(top)}) { look_around(); }

    void run(unsigned long operations) {
        struct Operation {
            unsigned weight;
            void (Workload::*run)();
        };
        static constexpr std::array operations_by_weight = std::to_array<Operation>({
            {12, &Workload::create},          {14, &Workload::write_some},  {4, &Workload::truncate},
            {6, &Workload::preallocate},      {6, &Workload::punch},        {10, &Workload::clone},
            {8, &Workload::link_again},       {6, &Workload::set_xattr},    {2, &Workload::remove_xattr},
            {6, &Workload::rename_it},        {9, &Workload::unlink_it},    {4, &Workload::make_directory},
            {2, &Workload::exchange_two},     {3, &Workload::make_special}, {3, &Workload::set_flags},
            {4, &Workload::sync_file},        {2, &Workload::set_owner},    {1, &Workload::many_links},
            {1, &Workload::remove_directory},
        });
        unsigned sum = 0;
        for (const auto& operation : operations_by_weight) {
            sum += operation.weight;
        }
        for (unsigned long i = 0; i < operations; ++i) {
            auto left = below(sum);
            for (const auto& operation : operations_by_weight) {
                if (left < operation.weight) {
                    (this->*operation.run)();
                    break;
                }
                left -= operation.weight;
            }
        }
    }

    /// Opens some files and takes their names away.
    void hold() {
        for (int i = 0; i < 5 && !files_.empty(); ++i) {
            File file(some_file(), O_RDWR);
            write_to(file.fd());
            unlink(last_.c_str());
            file.release();
        }
        rmdir(directories_.back().c_str());
    }

private:
    std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : random_() % limit; }
    bool one_in(std::uint64_t count) { return below(count) == 0; }

    void look_around() {
        std::error_code error;
        const auto options = std::filesystem::directory_options::skip_permission_denied;
        for (auto it = std::filesystem::recursive_directory_iterator(directories_.front(), options, error);
             !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
            if (it->is_symlink()) {
                continue;
            }
            if (it->is_directory()) {
                directories_.push_back(it->path());
            } else if (it->is_regular_file()) {
                files_.push_back(it->path());
            }
        }
        // The order of the disk is not the seed's.
        std::ranges::sort(directories_);
        std::ranges::sort(files_);
    }

    const std::string& some_directory() { return directories_[below(directories_.size())]; }
    const std::string& some_file() {
        static const std::string none = "/nonexistent";
        return last_ = files_.empty() ? none : files_[below(files_.size())];
    }

    std::string new_name() {
        std::string name = "f" + std::to_string(below(100000));
        if (one_in(6)) {
            name += std::string(200 + below(55 - name.size()), static_cast<char>('a' + below(26)));
        } else if (one_in(8)) {
            name += "\n\xc3\xa4 \x01'\"\\";
        }
        return some_directory() + "/" + name;
    }

    std::string some_bytes(std::size_t size) {
        std::string bytes(size, static_cast<char>(below(256)));
        if (one_in(2)) {
            std::ranges::generate(bytes, [this] { return static_cast<char>(random_()); });
        }
        return bytes;
    }

    void write_to(int fd) {
        const std::size_t size = one_in(3) ? below(3000) : one_in(3) ? below(600000) : below(20000);
        const auto bytes = some_bytes(size);
        const std::uint64_t offset = one_in(2) ? 0 : below(largest_offset);
        if (pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)) < 0) {
            return;
        }
    }

    void create() {
        const auto name = new_name();
        const File file(name, O_RDWR | O_CREAT | O_EXCL);
        if (file.fd() < 0) {
            return;
        }
        if (one_in(8)) {
            change_flags(file.fd(), FS_NOCOW_FL);
        }
        if (!one_in(5)) {
            write_to(file.fd());
        }
        files_.push_back(name);
    }

    void write_some() {
        const File file(some_file(), O_RDWR);
        write_to(file.fd());
        if (one_in(4)) {
            fdatasync(file.fd());
        }
    }

    void truncate() {
        const File file(some_file(), O_RDWR);
        const auto size = one_in(3) ? 0 : below(largest_offset);
        if (ftruncate(file.fd(), static_cast<off_t>(size)) != 0) {
            return;
        }
    }

    void preallocate() {
        const File file(some_file(), O_RDWR);
        fallocate(file.fd(), one_in(2) ? FALLOC_FL_KEEP_SIZE : 0, static_cast<off_t>(below(largest_offset)),
                  static_cast<off_t>(1 + below(300000)));
    }

    void punch() {
        const File file(some_file(), O_RDWR);
        fallocate(file.fd(), (one_in(3) ? FALLOC_FL_ZERO_RANGE : FALLOC_FL_PUNCH_HOLE) | FALLOC_FL_KEEP_SIZE,
                  static_cast<off_t>(below(largest_offset / 4)), static_cast<off_t>(1 + below(100000)));
    }

    void clone() {
        const File source(some_file(), O_RDONLY);
        const File target(some_file(), O_RDWR);
        if (one_in(3)) {
            ioctl(target.fd(), FICLONE, source.fd());
            return;
        }
        file_clone_range range = {};
        range.src_fd = source.fd();
        range.src_offset = below(20) * block_bytes;
        range.src_length = (1 + below(20)) * block_bytes;
        range.dest_offset = below(200) * block_bytes;
        ioctl(target.fd(), FICLONERANGE, &range);
    }

    void link_again() {
        const auto name = new_name();
        if (link(some_file().c_str(), name.c_str()) == 0) {
            files_.push_back(name);
        }
    }

    /// More names than an inode reference item holds.
    void many_links() {
        const auto file = some_file();
        const auto directory = some_directory();
        const std::string tail(200, 'l');
        for (int i = 0; i < 40; ++i) {
            const auto name = directory + "/" + std::to_string(below(1000000)) + tail;
            if (link(file.c_str(), name.c_str()) == 0) {
                files_.push_back(name);
            }
        }
    }

    std::string xattr_name() { return "user.attribute-" + std::to_string(below(20)); }
    void set_xattr() {
        const auto value = some_bytes(one_in(10) ? below(3500) : below(100));
        const auto& path = one_in(4) ? some_directory() : some_file();
        setxattr(path.c_str(), xattr_name().c_str(), value.data(), value.size(), 0);
    }
    void remove_xattr() { removexattr(some_file().c_str(), xattr_name().c_str()); }

    void rename_it() {
        if (files_.empty()) {
            return;
        }
        auto& old = files_[below(files_.size())];
        const auto name = one_in(4) ? some_file() : new_name();
        if (rename(old.c_str(), name.c_str()) == 0) {
            old = name;
        }
    }
    void exchange_two() {
        const auto left = some_file();
        renameat2(AT_FDCWD, left.c_str(), AT_FDCWD, some_file().c_str(), RENAME_EXCHANGE);
    }

    void unlink_it() {
        if (files_.empty()) {
            return;
        }
        const auto at = below(files_.size());
        unlink(files_[at].c_str());
        files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    void make_directory() {
        const auto name = new_name();
        if (mkdir(name.c_str(), 0755) == 0) {
            directories_.push_back(name);
        }
    }
    void remove_directory() {
        if (directories_.size() < 4) {
            return;
        }
        const auto at = 1 + below(directories_.size() - 1);
        std::error_code error;
        std::filesystem::remove_all(directories_[at], error);
        directories_.erase(directories_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    void make_special() {
        const auto name = new_name();
        switch (below(4)) {
        case 0: mknod(name.c_str(), S_IFIFO | 0644, 0); break;
        case 1: mknod(name.c_str(), S_IFCHR | 0600, 259); break;
        case 2: mknod(name.c_str(), S_IFSOCK | 0600, 0); break;
        default:
            if (symlink(std::string(1 + below(3000), 's').c_str(), name.c_str()) != 0) {
                return;
            }
        }
    }

    void change_flags(int fd, int flag) {
        int flags = 0;
        if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
            flags ^= flag;
            ioctl(fd, FS_IOC_SETFLAGS, &flags);
        }
    }
    void set_flags() {
        static constexpr std::array flags = {FS_NOCOW_FL, FS_COMPR_FL,  FS_NOATIME_FL,
                                             FS_SYNC_FL,  FS_NODUMP_FL, FS_NOCOMP_FL};
        const File file(one_in(5) ? some_directory() : some_file(), O_RDONLY);
        change_flags(file.fd(), flags[below(flags.size())]);
    }

    void set_owner() {
        const auto& path = some_file();
        if (chmod(path.c_str(), static_cast<mode_t>(0600 + below(0200))) != 0 ||
            chown(path.c_str(), static_cast<uid_t>(below(2000)), static_cast<gid_t>(below(2000))) != 0) {
            return;
        }
    }

    void sync_file() {
        const File file(one_in(5) ? some_directory() : some_file(), O_RDONLY);
        fsync(file.fd());
    }

    std::mt19937_64 random_;
    std::vector<std::string> directories_; ///< the first one stays
    std::vector<std::string> files_;       ///< or what were files once
    std::string last_;
};

} // namespace

int main(int count, char** words) {
    const std::span arguments(words, static_cast<std::size_t>(count));
    if (count < 4 || count > 5) {
        std::fputs("usage: workload DIR SEED OPERATIONS [--hold]\n", stderr);
        return 2;
    }
    Workload workload(arguments[1], std::strtoull(arguments[2], nullptr, 10));
    workload.run(std::strtoul(arguments[3], nullptr, 10));
    if (count == 5) {
        workload.hold();
        std::puts("held");
        std::fflush(stdout);
        while (std::getchar() != EOF) {
        }
    }
    return 0;
}
