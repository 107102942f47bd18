// SPDX-License-Identifier: MIT
// Fills a directory of a mounted btrfs with what makes metadata: populate DIR FILES FIRST_SEED
//
// The same arguments give the same tree. Of every 16 files: all have an inode, a name and two directory entries, 4 an
// extended attribute, 2 inline data, 4 eight extents each (cloned from one block, so that no data is written), 1 a
// second name, 1 is a symbolic link.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace {

constexpr unsigned files_per_directory = 400;
constexpr unsigned extents_per_file = 8;
constexpr unsigned block_bytes = 4096;
constexpr unsigned source_blocks = 1024;

[[noreturn]] void die(const std::string& what) {
    std::perror(("populate: " + what).c_str());
    std::exit(1);
}

void write_all(int file, const std::string& bytes) {
    if (write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        die("write");
    }
}

/// A file of many separate 4 KiB extents, which the others clone.
int make_source(const std::string& path, std::mt19937_64& random) {
    const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
    if (file < 0) {
        die(path);
    }
    std::string block(block_bytes, '\0');
    for (unsigned i = 0; i < source_blocks; ++i) {
        for (char& c : block) {
            c = static_cast<char>(random());
        }
        if (pwrite(file, block.data(), block.size(), off_t{i} * 2 * block_bytes) != block_bytes) {
            die(path);
        }
    }
    if (fsync(file) != 0) {
        die(path);
    }
    return file;
}

void clone_extents(int file, int source, std::mt19937_64& random) {
    for (unsigned i = 0; i < extents_per_file; ++i) {
        file_clone_range range = {};
        range.src_fd = source;
        range.src_offset = random() % source_blocks * 2 * block_bytes;
        range.src_length = block_bytes;
        range.dest_offset = std::uint64_t{i} * 3 * block_bytes;
        if (ioctl(file, FICLONERANGE, &range) != 0) {
            die("clone");
        }
    }
}

void make_file(const std::string& path, unsigned kind, int source, std::mt19937_64& random) {
    if (kind == 15) {
        if (symlink(("../target-" + std::to_string(random() % 100000)).c_str(), path.c_str()) != 0) {
            die(path);
        }
        return;
    }
    const int file = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    if (file < 0) {
        die(path);
    }
    if (kind < 4) {
        const std::string value = "value-" + std::to_string(random());
        if (fsetxattr(file, "user.btrkit.tag", value.data(), value.size(), 0) != 0) {
            die(path);
        }
    } else if (kind < 6) {
        write_all(file, std::string(64 + random() % 1500, static_cast<char>('a' + kind)));
    } else if (kind < 10) {
        clone_extents(file, source, random);
    } else if (kind == 14 && link(path.c_str(), (path + ".second").c_str()) != 0) {
        die(path);
    }
    close(file);
}

} // namespace

int main(int count, char** words) {
    if (count != 4) {
        std::fputs("usage: populate DIR FILES SEED\n", stderr);
        return 2;
    }
    const std::string top = words[1];
    const unsigned long files = std::strtoul(words[2], nullptr, 10);
    std::mt19937_64 random(std::strtoul(words[3], nullptr, 10));
    const int source = make_source(top + "/source", random);
    std::string directory;
    for (unsigned long i = 0; i < files; ++i) {
        if (i % files_per_directory == 0) {
            directory = top + "/directory-" + std::to_string(i / files_per_directory);
            if (mkdir(directory.c_str(), 0755) != 0) {
                die(directory);
            }
        }
        make_file(directory + "/file-" + std::to_string(random() % 1000) + "-" + std::to_string(i), i % 16, source,
                  random);
    }
    close(source);
    return 0;
}
