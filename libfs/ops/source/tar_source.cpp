// SPDX-License-Identifier: MIT
#include "libfs/ops/source/tar_source.h"

#include "libfs/base/names.h"
#include "libfs/base/unique_fd.h"
#include "libfs/ops/source/host_failure.h"
#include "libfs/ops/source/spool.h"
#include "libfs/ops/source/tar_entry.h"
#include "libfs/ops/source/tar_tree.h"

#include <array>
#include <cerrno>
#include <clocale>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::source {

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;

/// In the C locale libarchive leaves names that are not ASCII as they are; in any other it converts, and mends.
class CLocale {
public:
    CLocale() : locale_(::newlocale(LC_ALL_MASK, "C", nullptr)), before_(::uselocale(locale_)) {}
    CLocale(const CLocale&) = delete;
    CLocale& operator=(const CLocale&) = delete;
    ~CLocale() {
        ::uselocale(before_);
        ::freelocale(locale_);
    }

private:
    locale_t locale_;
    locale_t before_;
};

struct FreeArchive {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using ArchivePtr = std::unique_ptr<archive, FreeArchive>;

class TarReader {
public:
    TarReader(std::string name, std::unique_ptr<SpoolContent> content, Time now)
        : name_(std::move(name)), content_(std::move(content)), tree_(now) {}

    Result<SourceTree> run(int fd);

private:
    Result<void> open(int fd);
    /// The next entry; null at the end.
    Result<archive_entry*> next();
    Result<void> read_entry(archive_entry* entry);
    Result<void> read_data(SourceInode* inode);
    Result<void> add_block(SourceInode& inode, std::int64_t offset, Bytes block);

    std::unexpected<Error> failure_of_archive() const;
    std::unexpected<Error> failure_at_end(ErrorKind kind, std::string_view why) const;
    std::unexpected<Error> failure_of_entry(const Error& error) const;
    std::unexpected<Error> failure_in_archive(const Error& error) const {
        return fail(error.kind, printable(name_) + ": " + error.message);
    }

    std::string name_;
    ArchivePtr archive_{archive_read_new()};
    std::unique_ptr<SpoolContent> content_;
    TarTree tree_;
    std::string entry_; ///< the entry that is read now or was read last; empty before the first
};

std::unexpected<Error> TarReader::failure_at_end(ErrorKind kind, std::string_view why) const {
    const std::string where = entry_.empty() ? "before the first entry" : "at or behind entry " + printable(entry_);
    return fail(kind, fmt::format("{}: {} ({})", printable(name_), why, where));
}

std::unexpected<Error> TarReader::failure_of_archive() const {
    const char* why = archive_error_string(archive_.get());
    return failure_at_end(ErrorKind::damaged,
                          fmt::format("cannot read the archive: {}", why != nullptr ? why : "malformed"));
}

std::unexpected<Error> TarReader::failure_of_entry(const Error& error) const {
    return fail(error.kind, fmt::format("{}: {}: {}", printable(name_), printable(entry_), error.message));
}

Result<void> TarReader::open(int fd) {
    archive* reader = archive_.get();
    archive_read_support_filter_all(reader); // a warning is that some need a program: those that use them will see
    if (archive_read_support_format_tar(reader) != ARCHIVE_OK ||
        archive_read_open_fd(reader, fd, block_bytes) != ARCHIVE_OK) {
        return failure_of_archive();
    }
    return {};
}

Result<archive_entry*> TarReader::next() {
    // What was read so far stands behind the last entry's padding. libarchive takes the end of the file at that place
    // for the end of the archive; but then its end mark is missing, and other entries may be missing as well.
    const la_int64_t before = archive_filter_bytes(archive_.get(), 0);
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(archive_.get(), &entry);
    if (result == ARCHIVE_EOF) {
        if (archive_filter_bytes(archive_.get(), 0) == before) {
            return failure_at_end(ErrorKind::damaged, "the archive is cut short: it has no end mark");
        }
        return nullptr;
    }
    if (result == ARCHIVE_OK) {
        return entry;
    }
    const char* text = archive_error_string(archive_.get());
    const std::string_view why = text != nullptr ? text : "";
    // That is only said: names stay what they are.
    const bool is_of_charset = result == ARCHIVE_WARN && why.find("can't be converted from") != std::string_view::npos;
    if (!is_of_charset) {
        return failure_of_archive();
    }
    return entry;
}

Result<void> TarReader::add_block(SourceInode& inode, std::int64_t offset, Bytes block) {
    const u64 at = static_cast<u64>(offset);
    const u64 end = inode.data.empty() ? 0 : inode.data.back().offset + inode.data.back().length;
    if (offset < 0 || at < end || at > inode.size || block.size() > inode.size - at) {
        return failure_of_entry({ErrorKind::damaged, "its data overlaps, is not in order, or goes beyond its size"});
    }
    if (at == end && !inode.data.empty()) {
        inode.data.back().length += block.size();
    } else {
        inode.data.push_back({.offset = at, .length = block.size()});
    }
    return content_->append(at, block);
}

/// Reads all data of the entry; null: of what has no use for it.
Result<void> TarReader::read_data(SourceInode* inode) {
    while (true) {
        const void* block = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int result = archive_read_data_block(archive_.get(), &block, &size, &offset);
        if (result == ARCHIVE_EOF) {
            return {};
        }
        if (result != ARCHIVE_OK) {
            return failure_of_archive();
        }
        if (inode == nullptr || size == 0) {
            continue;
        }
        BTRKIT_TRY(add_block(*inode, offset, {static_cast<const std::byte*>(block), size}));
    }
}

Result<void> TarReader::read_entry(archive_entry* entry) {
    const char* path = archive_entry_pathname(entry);
    if (path == nullptr) {
        return failure_at_end(ErrorKind::damaged, "an entry has no name");
    }
    entry_ = path;
    if (const char* target = archive_entry_hardlink(entry)) {
        const Result<void> linked = tree_.add_link(entry_, target);
        return linked ? read_data(nullptr) : failure_in_archive(linked.error());
    }
    Result<SourceInode> inode = read_tar_entry(entry);
    if (!inode) {
        return failure_of_entry(inode.error());
    }
    const bool is_regular = S_ISREG(inode->mode);
    if (is_regular) {
        inode->content = content_->begin_file();
    }
    const Result<u32> added = tree_.add(entry_, std::move(*inode));
    if (!added) {
        return failure_in_archive(added.error());
    }
    return read_data(is_regular ? &tree_.inode(*added) : nullptr);
}

Result<SourceTree> TarReader::run(int fd) {
    const CLocale locale;
    Result<void> done = open(fd);
    while (done) {
        BTRKIT_TRY_ASSIGN(archive_entry * entry, next());
        if (entry == nullptr) {
            break;
        }
        done = read_entry(entry);
    }
    if (done) {
        done = content_->finish();
    }
    if (!done) {
        return std::unexpected(done.error());
    }
    SourceTree tree = tree_.release();
    tree.content = std::move(content_);
    return tree;
}

/// What stands behind the archive's end: whoever writes it into our standard input should not find it closed.
void drain(int fd) {
    std::array<char, 65536> buffer;
    while (::read(fd, buffer.data(), buffer.size()) > 0) {
    }
}

} // namespace

Result<SourceTree> read_tar(const std::string& path, const std::string& spool_directory, Time now) {
    const bool is_stdin = path == "-";
    const UniqueFd file(is_stdin ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!is_stdin && !file) {
        return host_failure(path, "open");
    }
    BTRKIT_TRY_ASSIGN(auto content, SpoolContent::make(spool_directory));
    const int fd = is_stdin ? STDIN_FILENO : file.get();
    Result<SourceTree> tree = TarReader(is_stdin ? "standard input" : path, std::move(content), now).run(fd);
    if (tree && is_stdin) {
        drain(fd);
    }
    return tree;
}

} // namespace btrkit::source
