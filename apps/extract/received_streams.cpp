// SPDX-License-Identifier: MIT
#include "apps/extract/received_streams.h"

#include "apps/common/fresh_values.h"
#include "libfs/base/names.h"
#include "libfs/ops/receive/receive.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <stdlib.h> // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

namespace btrkit::apps {

namespace {

/// A folder of its own name; it goes with what is in it.
class TemporaryPlace {
public:
    static Result<TemporaryPlace> make(const std::string& folder) {
        std::string path = folder + "/btrkit-extract.XXXXXX";
        if (::mkdtemp(path.data()) == nullptr) {
            return fail(ErrorKind::io,
                        fmt::format("{}: cannot make a folder in it: {}", printable(folder), std::strerror(errno)));
        }
        return TemporaryPlace(std::move(path));
    }
    TemporaryPlace(TemporaryPlace&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    TemporaryPlace& operator=(TemporaryPlace&&) = delete;
    ~TemporaryPlace() {
        std::error_code error;
        if (!path_.empty()) {
            std::filesystem::remove_all(path_, error);
        }
    }

    std::string file() const { return path_ + "/streams.img"; }

private:
    explicit TemporaryPlace(std::string path) : path_(std::move(path)) {}

    std::string path_;
};

std::vector<std::string> ends_of(const receive::Report& report) {
    std::vector<std::string> names;
    for (const auto& subvolume : report.subvolumes) {
        const bool is_parent =
            std::ranges::any_of(report.subvolumes, [&](const auto& other) { return other.parent_id == subvolume.id; });
        if (!is_parent) {
            names.push_back(subvolume.name);
        }
    }
    return names;
}

} // namespace

Result<void> ReceivedStreams::open_image(u64 size_bytes, const std::string& folder, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto place, TemporaryPlace::make(folder));
    BTRKIT_TRY_ASSIGN(const auto image, CreatedImage::create(place.file(), size_bytes, context));
    BTRKIT_TRY_ASSIGN(device_, WritableFile::open(place.file()));
    return {};
}

Result<ReceivedStreams> ReceivedStreams::receive(std::span<const StreamInput> inputs, u64 size_bytes,
                                                 const std::string& folder, const RunContext& context) {
    ReceivedStreams made;
    BTRKIT_TRY(made.open_image(size_bytes, folder, context));
    const WritableDevices devices{{1, made.device_.get()}};
    BTRKIT_TRY_ASSIGN(const auto empty, commit::open_again(devices));
    receive::Options options;
    options.commit.is_proven = false; // whatever comes out of it is proven once more
    options.transaction.room.spill_directory = folder;
    options.transaction.parallelism = context.parallelism;
    options.now = current_time();
    options.new_uuid = random_uuid;
    const auto sources = sources_of(inputs, context.stop);
    BTRKIT_TRY_ASSIGN(const auto report, receive::run(empty, devices, sources, options, context));
    made.ends_ = ends_of(report);
    BTRKIT_TRY_ASSIGN(made.filesystem_, commit::open_again(devices));
    return made;
}

} // namespace btrkit::apps
