// SPDX-License-Identifier: MIT
// mutate IMAGE --seed S --number N --undo FILE     changes one thing in the metadata, checksums right, and says what
// mutate IMAGE --revert --undo FILE                puts back what was there
// mutate IMAGE --seed S --number N                 only says what
// --only super: a field of the superblock; --only lost: a block whose checksum is wrong, or that is noise.
// With --first-copy other copies of the block, or of the superblock, stay as they are.
#include "libfs/io/file_device.h"
#include "libfs/io/writable_file.h"
#include "tests/check/mutation.h"

#include <charconv>
#include <fstream>
#include <map>

#include <fmt/format.h>

namespace btrkit::test {
namespace {

struct Options {
    std::string image;
    std::string undo;
    u64 seed = 1;
    u64 number = 0;
    MutationKind kind = MutationKind::any;
    bool revert = false;
    bool first_copy = false;
};

/// The undo file: what was there, as offset, length and bytes, one behind the other.
bool save(const std::string& path, const std::vector<ByteChange>& changes) {
    std::ofstream file(path, std::ios::binary);
    for (const auto& change : changes) {
        const std::array<btrfs::le64, 2> head = {change.offset, change.before.size()};
        file.write(reinterpret_cast<const char*>(&head), sizeof(head));
        file.write(reinterpret_cast<const char*>(change.before.data()),
                   static_cast<std::streamsize>(change.before.size()));
    }
    return file.flush().good();
}

Result<std::vector<ByteChange>> load(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(ErrorKind::io, path + ": can't be read");
    }
    std::vector<ByteChange> changes;
    std::array<btrfs::le64, 2> head{};
    while (file.read(reinterpret_cast<char*>(&head), sizeof(head))) {
        if (head[1] > btrfs::max_nodesize) {
            return fail(ErrorKind::usage, path + ": not an undo file");
        }
        auto& change = changes.emplace_back(ByteChange{.offset = head[0], .before = {}, .after = {}});
        change.after.resize(head[1]);
        file.read(reinterpret_cast<char*>(change.after.data()), static_cast<std::streamsize>(change.after.size()));
    }
    return changes;
}

Result<void> apply(const std::string& image, const std::vector<ByteChange>& changes) {
    BTRKIT_TRY_ASSIGN(const auto device, WritableFile::open(image));
    for (const auto& change : changes) {
        BTRKIT_TRY(device->write(change.offset, change.after));
    }
    return {};
}

Result<Mutation> find_mutation(const Options& options) {
    BTRKIT_TRY_ASSIGN(auto device, FileDevice::open(options.image));
    const BlockDevice& bytes = *device;
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(std::move(device));
    BTRKIT_TRY_ASSIGN(const auto filesystem, Filesystem::open(std::move(devices), {}, [](const Problem&) {}));
    auto mutation = make_mutation(filesystem, bytes, options.seed, options.number, options.kind);
    if (mutation && options.first_copy) {
        mutation->changes.resize(1);
    }
    return mutation;
}

Result<void> run(const Options& options) {
    if (options.revert) {
        const auto changes = load(options.undo);
        return changes ? apply(options.image, *changes) : std::unexpected(changes.error());
    }
    BTRKIT_TRY_ASSIGN(const auto mutation, find_mutation(options));
    fmt::print("{}\n", mutation.text);
    if (options.undo.empty()) {
        return {};
    }
    if (!save(options.undo, mutation.changes)) {
        return fail(ErrorKind::io, options.undo + ": can't be written");
    }
    return apply(options.image, mutation.changes);
}

bool parse_u64(std::string_view text, u64& value) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    return !text.empty() && parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

bool parse(std::span<char*> words, Options& options) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        const bool has_value = i + 1 < words.size();
        if (word == "--revert") {
            options.revert = true;
        } else if (word == "--first-copy") {
            options.first_copy = true;
        } else if (word == "--only" && has_value) {
            const std::string_view kind = words[++i];
            if (kind != "super" && kind != "lost") {
                return false;
            }
            options.kind = kind == "super" ? MutationKind::super : MutationKind::lost;
        } else if (word == "--undo" && has_value) {
            options.undo = words[++i];
        } else if ((word == "--seed" || word == "--number") && has_value) {
            if (!parse_u64(words[++i], word == "--seed" ? options.seed : options.number)) {
                return false;
            }
        } else if (!word.starts_with('-') && options.image.empty()) {
            options.image = word;
        } else {
            return false;
        }
    }
    return !options.image.empty() && (!options.revert || !options.undo.empty());
}

} // namespace
} // namespace btrkit::test

int main(int argc, char** argv) {
    btrkit::test::Options options;
    if (!btrkit::test::parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1), options)) {
        fmt::print(stderr, "usage: mutate IMAGE [--seed S] [--number N] [--only super|lost] [--first-copy] "
                           "[--undo FILE]\n"
                           "       mutate IMAGE --revert --undo FILE\n");
        return 2;
    }
    if (const auto done = btrkit::test::run(options); !done) {
        fmt::print(stderr, "mutate: {}\n", done.error().message);
        return 1;
    }
    return 0;
}
