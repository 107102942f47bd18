// SPDX-License-Identifier: MIT
#include "libfs/ops/extract/batch_source.h"

#include "libfs/base/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

namespace btrkit::extract {

namespace {

constexpr std::size_t most_members = 128;
constexpr std::size_t most_slices = 4096;
constexpr unsigned most_depth = 500;              ///< each level is open at the host
constexpr std::size_t most_hole_ranges = 1 << 16; ///< with more, a file is told as if it had none
constexpr u64 limit_factor = 16;
constexpr u64 least_limit_bytes = 64 * mib;

u64 device_bytes(const Filesystem& filesystem) {
    u64 bytes = 0;
    for (const auto& [devid, member] : filesystem.volume().members()) {
        bytes += member.device == nullptr ? 0 : member.device->size_bytes();
    }
    return bytes;
}

/// Of what has lost its inode.
u32 likely_mode(btrfs::FileType type) {
    switch (type) {
    case btrfs::FileType::directory: return S_IFDIR | 0700;
    case btrfs::FileType::regular: return S_IFREG | 0600;
    case btrfs::FileType::symlink: return S_IFLNK | 0777;
    default: return 0;
    }
}

MemberKind kind_of(u32 mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR: return MemberKind::directory;
    case S_IFREG: return MemberKind::file;
    case S_IFLNK: return MemberKind::symlink;
    default: return MemberKind::special;
    }
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

} // namespace

BatchSource::BatchSource(const Filesystem& filesystem, Target& target, const Options& options, StopToken stop,
                         const ProblemSink& problems)
    : filesystem_(filesystem), target_(target), options_(options), stop_(stop),
      reader_(filesystem, options.bad, options.ownership, problems),
      left_bytes_(options.most_bytes.value_or(std::max(limit_factor * device_bytes(filesystem), least_limit_bytes))),
      paths_(options.paths) {
    if (paths_.empty()) {
        paths_.emplace_back();
    }
}

std::unique_ptr<Batch> BatchSource::next() {
    if (failure_ || stop_.stop_requested()) {
        failure_ = failure_ ? failure_ : Error{ErrorKind::cancelled, "stopped; what was taken out stays"};
        return nullptr;
    }
    if (large_) {
        return next_piece();
    }
    auto batch = std::make_unique<Batch>();
    batch_bytes_ = 0;
    while (batch->members.size() < most_members && batch_bytes_ < most_batch_bytes && !large_) {
        if (!walk_ && !begin_next_path()) {
            break;
        }
        const auto* step = walk_->next();
        if (step == nullptr) {
            walk_.reset();
            leave(*batch, prefix_);
            open_directories_.clear();
        } else if (const auto taken = take_step(*batch, *step); !taken) {
            failure_ = taken.error();
            break;
        }
    }
    if (batch->members.empty()) {
        return large_ && !failure_ ? next_piece() : nullptr;
    }
    return batch;
}

bool BatchSource::begin_next_path() {
    if (next_path_ == paths_.size()) {
        return false;
    }
    const auto& path = paths_[next_path_++];
    prefix_ = options_.as.empty() ? fmt::format("{}", fmt::join(path_names(path), "/")) : options_.as;
    const auto place = find_path(filesystem_, path);
    if (!place) {
        failure_ = place.error();
        return false;
    }
    using Subvolumes = survey::NameWalkOptions::Subvolumes;
    survey::NameWalkOptions walk{.most_depth = most_depth};
    walk.subvolumes = options_.takes_snapshots ? Subvolumes::enter_snapshots_too : Subvolumes::enter;
    walk_.emplace(filesystem_, *place, walk);
    return true;
}

std::string BatchSource::path_of(std::string_view below) const {
    return prefix_ + (prefix_.empty() || below.empty() ? "" : "/") + std::string(below);
}

Result<void> BatchSource::take_step(Batch& batch, const survey::NameStep& step) {
    switch (step.kind) {
    case survey::NameStep::Kind::name: return take_name(batch, *step.walked, path_of(step.path), step.depth);
    case survey::NameStep::Kind::leave: leave(batch, path_of(step.path)); return {};
    case survey::NameStep::Kind::enter: return {};
    case survey::NameStep::Kind::damage: break;
    }
    Member told{.kind = MemberKind::directory, .path = path_of(step.path), .why = step.damage->message};
    told.outcome = Outcome::present; // nothing is made of it
    batch.members.push_back(std::move(told));
    return {};
}

void BatchSource::leave(Batch& batch, const std::string& path) {
    const auto is_within = [&path](const std::string& other) {
        return other == path || path.empty() || (other.starts_with(path) && other[path.size()] == '/');
    };
    while (!open_directories_.empty() && is_within(open_directories_.back().path)) {
        if (target_.wants_leave()) {
            batch.members.push_back(std::move(open_directories_.back()));
        }
        open_directories_.pop_back();
    }
}

RangeSet BatchSource::data_ranges(const Member& file) {
    RangeSet data;
    auto& parts = reader_.begin_parts(file);
    while (const auto part = parts.next()) {
        data.append(range_from(part->extent.offset, part->extent.length));
        if (data.ranges().size() > most_hole_ranges) {
            RangeSet whole;
            whole.append({0, file.inode.size});
            return whole;
        }
    }
    return data;
}

/// Where it stands: nearly always in the directory that we are in.
Result<void> BatchSource::find_directory(Member& member) {
    if (member.path.empty()) {
        return {};
    }
    const auto parent = parent_of(member.path);
    if (!open_directories_.empty() && open_directories_.back().path == parent) {
        member.directory = open_directories_.back().self;
        return {};
    }
    BTRKIT_TRY_ASSIGN(member.directory, target_.enter_path(parent));
    return {};
}

void BatchSource::describe(Member& member, const survey::WalkedName& walked) {
    if (walked.inode) {
        member.inode = *walked.inode;
        return;
    }
    member.inode = {.number = walked.number, .nlink = 1, .mode = likely_mode(walked.type)};
    if (S_ISREG(member.inode.mode) || S_ISLNK(member.inode.mode)) {
        member.inode.size = reader_.size_by_extents(member.place);
    }
    if (!walked.hangs_elsewhere) {
        member.why = "its inode is lost: size, owner, permissions and times are guessed";
    }
}

Result<void> BatchSource::take_name(Batch& batch, const survey::WalkedName& walked, std::string path, unsigned depth) {
    if (walked.is_snapshot && !options_.takes_snapshots && depth > 0) {
        walk_->skip();
        return {};
    }
    BTRKIT_TRY(charge(name_bytes));
    Member member{.path = std::move(path), .place = walked.place()};
    describe(member, walked);
    member.kind = kind_of(member.inode.mode);
    const bool is_nothing = !walked.inode && S_ISREG(member.inode.mode) && member.inode.size == 0;
    if (is_nothing || file_type_of(member.inode.mode) == btrfs::FileType::unknown) {
        member.leave_out("its inode is lost, and nothing else tells of it");
        batch.members.push_back(std::move(member));
        return {};
    }
    BTRKIT_TRY(find_directory(member));
    subvolume_count_ += walked.is_subvolume && !walked.hangs_elsewhere ? 1 : 0;
    if (member.kind == MemberKind::directory) {
        if (depth == most_depth) {
            member.why = "what stands deeper is not taken out";
        }
        return take_directory(batch, std::move(member));
    }
    if (member.inode.nlink > 1) {
        const auto [first, is_new] = first_names_.try_emplace({walked.tree->id, walked.number}, member.path);
        if (!is_new) {
            member.kind = MemberKind::hard_link;
            member.target = first->second;
        }
    }
    return take_file(batch, std::move(member));
}

Result<void> BatchSource::take_directory(Batch& batch, Member member) {
    BTRKIT_TRY(target_.enter(member));
    if (member.outcome == Outcome::left_out) {
        walk_->skip();
        batch.members.push_back(std::move(member));
        return {};
    }
    Member behind = member;
    behind.kind = MemberKind::leave;
    open_directories_.push_back(std::move(behind));
    if (!target_.wants_leave()) {
        batch.members.push_back(std::move(member));
    }
    return {};
}

Result<void> BatchSource::take_file(Batch& batch, Member member) {
    if (member.kind != MemberKind::file || member.inode.size <= most_batch_bytes) {
        const u64 bytes = member.kind == MemberKind::file ? member.inode.size : 0;
        BTRKIT_TRY(charge(bytes));
        batch_bytes_ += bytes;
        batch.members.push_back(std::move(member));
        return {};
    }
    target_.look(member);
    if (member.outcome == Outcome::made) {
        reader_.read_xattrs(member);
        BTRKIT_TRY(target_.begin_file(member, target_.wants_holes() ? data_ranges(member) : RangeSet()));
    }
    if (member.outcome != Outcome::made) {
        batch.members.push_back(std::move(member));
        return {};
    }
    large_ = std::make_shared<Member>(std::move(member));
    large_parts_ = &reader_.begin_parts(*large_);
    return {};
}

/// Up to most_batch_bytes of the large file in hand.
std::unique_ptr<Batch> BatchSource::next_piece() {
    auto batch = std::make_unique<Batch>();
    batch->large = large_;
    u64 left = most_batch_bytes;
    while (left > 0 && batch->slices.size() < most_slices) {
        if (!large_rest_) {
            auto part = large_parts_->next();
            if (!part) {
                batch->is_last_piece = true;
                large_.reset();
                break;
            }
            const u64 length = part->extent.length;
            large_rest_ = Slice{.extent = std::move(part->extent), .length = length};
        }
        Slice slice = *large_rest_;
        slice.length = slice.is_lost() ? slice.length : std::min(slice.length, left);
        large_rest_->into_extent += slice.length;
        large_rest_->length -= slice.length;
        if (large_rest_->length == 0) {
            large_rest_.reset();
        }
        left -= slice.is_lost() ? 0 : round_up(slice.length, filesystem_.geometry().sectorsize);
        batch->slices.push_back(std::move(slice));
    }
    if (const auto charged = charge(most_batch_bytes - left); !charged) {
        failure_ = charged.error();
        large_.reset();
        return nullptr;
    }
    return batch;
}

Result<void> BatchSource::charge(u64 bytes) {
    if (bytes > left_bytes_) {
        return fail(ErrorKind::refused, "more would come out than is allowed (--limit); what was taken out stays");
    }
    left_bytes_ -= bytes;
    return {};
}

} // namespace btrkit::extract
