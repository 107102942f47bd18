// SPDX-License-Identifier: MIT
#include "libfs/ops/extract/tar_target.h"

#include "libfs/base/names.h"
#include "libfs/ops/source/posix_acl.h"

#include <algorithm>
#include <array>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace btrkit::extract {

namespace {

constexpr int block_bytes = 1 << 20; // gathered before it is written
constexpr int last_block_bytes = 10240;
/// All bytes of a file go through the archive's hands, holes too: larger ones would take hours.
constexpr u64 most_file_bytes = u64{64} << 40;

struct FreeArchive {
    void operator()(archive* made) const { archive_write_free(made); }
};
struct FreeEntry {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

struct TagPair {
    source::AclTag tag;
    int in_archive;
};
constexpr auto acl_tags = std::to_array<TagPair>({
    {source::AclTag::user_obj, ARCHIVE_ENTRY_ACL_USER_OBJ},
    {source::AclTag::user, ARCHIVE_ENTRY_ACL_USER},
    {source::AclTag::group_obj, ARCHIVE_ENTRY_ACL_GROUP_OBJ},
    {source::AclTag::group, ARCHIVE_ENTRY_ACL_GROUP},
    {source::AclTag::mask, ARCHIVE_ENTRY_ACL_MASK},
    {source::AclTag::other, ARCHIVE_ENTRY_ACL_OTHER},
});

/// Whether it could be put in as an ACL: what is malformed stays an attribute.
bool add_acl(archive_entry* entry, std::string_view value, int type) {
    const auto acl = source::parse_acl_xattr(value);
    if (!acl) {
        return false;
    }
    for (const auto& each : *acl) {
        const auto pair = std::ranges::find(acl_tags, each.tag, &TagPair::tag);
        if (pair == acl_tags.end()) {
            return false;
        }
        const bool has_id = each.tag == source::AclTag::user || each.tag == source::AclTag::group;
        // A name must be there for readers that go by names; the number is one that they take too.
        const auto name = has_id ? std::to_string(each.id) : std::string();
        archive_entry_acl_add_entry(entry, type, each.permissions & 07, pair->in_archive,
                                    has_id ? static_cast<int>(each.id) : -1, has_id ? name.c_str() : nullptr);
    }
    return true;
}

void add_xattrs(archive_entry* entry, const Member& member) {
    for (const auto& xattr : member.xattrs) {
        const bool is_acl =
            (xattr.name == source::acl_access_xattr && add_acl(entry, xattr.value, ARCHIVE_ENTRY_ACL_TYPE_ACCESS)) ||
            (xattr.name == source::acl_default_xattr && add_acl(entry, xattr.value, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT));
        if (!is_acl && !xattr.name.starts_with("btrfs.")) { // properties, which no other filesystem has
            archive_entry_xattr_add_entry(entry, xattr.name.c_str(), xattr.value.data(), xattr.value.size());
        }
    }
}

/// data: where the file is no hole.
void add_holes(archive_entry* entry, u64 size, const RangeSet& data) {
    const auto ranges = data.ranges();
    const bool is_whole = ranges.size() == 1 && ranges[0] == Range{0, size};
    if (size == 0 || is_whole) {
        return;
    }
    if (ranges.empty()) {
        archive_entry_sparse_add_entry(entry, 0, 0); // how libarchive is told of a file that is one hole
    }
    for (const Range range : ranges) {
        archive_entry_sparse_add_entry(entry, static_cast<la_int64_t>(range.start),
                                       static_cast<la_int64_t>(range.length()));
    }
}

/// Of a file that comes in pieces. The next one may begin while this one is still on its way.
struct LargeFile final : Place {
    explicit LargeFile(RangeSet ranges) : data(std::move(ranges)) {}
    RangeSet data;
    bool has_begun = false;
};

class TarTarget final : public Target {
public:
    explicit TarTarget(OutputSink& sink) : sink_(sink), zeros_(block_bytes) {}
    ~TarTarget() override {
        // What was not closed would get an end now. (archive_write_fail() leaks a buffer.)
        is_dropped_ = !is_closed_;
        archive_.reset();
    }

    Result<void> open() {
        auto* made = archive_.get();
        const bool is_good = archive_write_set_format_pax(made) == ARCHIVE_OK &&
                             archive_write_set_format_option(made, "pax", "xattrheader", "SCHILY") == ARCHIVE_OK &&
                             archive_write_set_bytes_per_block(made, block_bytes) == ARCHIVE_OK &&
                             archive_write_set_bytes_in_last_block(made, last_block_bytes) == ARCHIVE_OK &&
                             archive_write_open(made, this, nullptr, put, nullptr) == ARCHIVE_OK;
        return is_good ? Result<void>() : failed("begin the archive");
    }

    bool wants_leave() const override { return false; }
    bool wants_holes() const override { return true; }

    Result<void> enter(Member&) override { return {}; }
    Result<std::shared_ptr<Place>> enter_path(std::string_view) override { return nullptr; }

    Result<void> begin_file(Member& file, const RangeSet& data) override {
        file.self = std::make_shared<LargeFile>(data);
        return {};
    }

    void look(Member& member) const override {
        if (member.kind == MemberKind::special && S_ISSOCK(member.inode.mode)) {
            member.leave_out("is a socket, which archives can't hold");
        }
        if (member.kind == MemberKind::file && member.inode.size > most_file_bytes) {
            member.leave_out("is larger than archives are made for, holes included");
        }
    }
    Result<void> work(Member&) override { return {}; }
    Result<void> work_piece(Member&, std::span<const Run>) override { return {}; }

    Result<void> finish(Member& member) override {
        RangeSet data;
        for (const auto& run : member.runs) {
            data.append(range_from(run.offset, run.bytes.size()));
        }
        BTRKIT_TRY(put_header(member, data));
        if (member.outcome != Outcome::made || member.kind != MemberKind::file) {
            return {};
        }
        BTRKIT_TRY(put_runs(member.runs));
        return end_entry(member.inode.size);
    }

    Result<void> finish_piece(Member& file, std::span<const Run> runs) override {
        auto& large = static_cast<LargeFile&>(*file.self);
        if (!std::exchange(large.has_begun, true)) {
            BTRKIT_TRY(put_header(file, large.data));
        }
        return file.outcome == Outcome::made ? put_runs(runs) : Result<void>();
    }

    Result<void> end_file(Member& file) override {
        if (!file.bad.empty()) {
            file.outcome = Outcome::made; // see the head of this room: it is there
        }
        return file.outcome == Outcome::made ? end_entry(file.inode.size) : Result<void>();
    }

    Result<void> close() override {
        if (archive_write_close(archive_.get()) != ARCHIVE_OK) {
            return failed("end the archive");
        }
        is_closed_ = true;
        return {};
    }

private:
    static la_ssize_t put(archive* made, void* self, const void* bytes, std::size_t length) {
        auto& target = *static_cast<TarTarget*>(self);
        if (target.is_dropped_) {
            return static_cast<la_ssize_t>(length);
        }
        auto done = target.sink_failure_ ? Result<void>(std::unexpected(*target.sink_failure_))
                                         : target.sink_.write({static_cast<const char*>(bytes), length});
        if (!done) { // and nothing more: what was cut off must not get an end
            archive_set_error(made, EIO, "%s", "the archive can't be written");
            target.sink_failure_ = std::move(done.error());
            return -1;
        }
        return static_cast<la_ssize_t>(length);
    }

    std::unexpected<Error> failed(std::string_view doing) const {
        if (sink_failure_) {
            return std::unexpected(*sink_failure_);
        }
        const char* why = archive_error_string(archive_.get());
        return fail(ErrorKind::io, fmt::format("cannot {}: {}", doing, why == nullptr ? "no reason given" : why));
    }

    Result<void> put_header(Member& member, const RangeSet& data) {
        const std::unique_ptr<archive_entry, FreeEntry> owned(archive_entry_new());
        auto* entry = owned.get();
        const auto& inode = member.inode;
        auto path = member.path.empty() ? std::string(".") : member.path;
        path += member.kind == MemberKind::directory ? "/" : "";
        archive_entry_copy_pathname(entry, path.c_str());
        archive_entry_set_mode(entry, static_cast<mode_t>(inode.mode));
        archive_entry_set_uid(entry, inode.uid);
        archive_entry_set_gid(entry, inode.gid);
        archive_entry_set_mtime(entry, inode.mtime.sec, static_cast<long>(inode.mtime.nsec));
        archive_entry_set_atime(entry, inode.atime.sec, static_cast<long>(inode.atime.nsec));
        archive_entry_set_ctime(entry, inode.ctime.sec, static_cast<long>(inode.ctime.nsec));
        archive_entry_set_size(entry, 0);
        switch (member.kind) {
        case MemberKind::file:
            archive_entry_set_size(entry, static_cast<la_int64_t>(inode.size));
            add_holes(entry, inode.size, data);
            break;
        case MemberKind::symlink: archive_entry_copy_symlink(entry, member.target.c_str()); break;
        case MemberKind::hard_link: archive_entry_copy_hardlink(entry, member.target.c_str()); break;
        case MemberKind::special: archive_entry_set_rdev(entry, makedev(inode.device_major, inode.device_minor)); break;
        default: break;
        }
        if (member.kind != MemberKind::hard_link) {
            add_xattrs(entry, member);
        }
        position_ = 0;
        const int status = archive_write_header(archive_.get(), entry);
        if (status == ARCHIVE_FATAL) {
            return failed("write");
        }
        if (status == ARCHIVE_FAILED) {
            const char* why = archive_error_string(archive_.get());
            member.leave_out(why == nullptr ? "an archive can't hold it" : why);
        }
        return {};
    }

    Result<void> put_bytes(Bytes bytes) {
        while (!bytes.empty()) {
            const auto written = archive_write_data(archive_.get(), bytes.data(), bytes.size());
            if (written <= 0) {
                return failed("write");
            }
            bytes = bytes.subspan(static_cast<std::size_t>(written));
            position_ += static_cast<u64>(written);
        }
        return {};
    }

    /// The archive leaves out what it knows to be holes.
    Result<void> put_zeros(u64 end) {
        while (position_ < end) {
            BTRKIT_TRY(put_bytes(Bytes(zeros_).first(std::min<u64>(zeros_.size(), end - position_))));
        }
        return {};
    }

    Result<void> put_runs(std::span<const Run> runs) {
        for (const auto& run : runs) {
            BTRKIT_TRY(put_zeros(run.offset));
            BTRKIT_TRY(put_bytes(run.bytes));
        }
        return {};
    }

    Result<void> end_entry(u64 size) {
        BTRKIT_TRY(put_zeros(size));
        return archive_write_finish_entry(archive_.get()) == ARCHIVE_OK ? Result<void>() : failed("write");
    }

    OutputSink& sink_;
    std::vector<std::byte> zeros_;
    std::optional<Error> sink_failure_;
    std::unique_ptr<archive, FreeArchive> archive_{archive_write_new()};
    u64 position_ = 0; ///< in the file that is being written
    bool is_closed_ = false;
    bool is_dropped_ = false; ///< what comes now goes nowhere
};

} // namespace

Result<std::unique_ptr<Target>> open_tar_target(OutputSink& sink) {
    auto target = std::make_unique<TarTarget>(sink);
    BTRKIT_TRY(target->open());
    return target;
}

} // namespace btrkit::extract
