// SPDX-License-Identifier: MIT
// Streams that are not what was sent: cut off, with a bit flipped, with commands missing, doubled, exchanged. Never is
// there a wrong tree and a good end: either it fails and the filesystem is as it was, or what is there is what the
// commands say, as a receiver in memory has it.
#include "tests/support/effort.h"
#include "tests/unit/ops/send/history.h"
#include "tests/unit/receive/raw_commands.h"
#include "tests/unit/receive/receive_bench.h"

namespace receive_damage_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// A snapshot, sent whole.
std::string sent_history(unsigned seed, u32 version) {
    HistoryImage image;
    History history(image, seed);
    history.create(10);
    history.begin_generation(10);
    history.change(12);
    image.plant({history.inodes()}, {});
    const auto source = open_filesystem(image.image().all_devices());
    return must(send_stream(source.filesystem, nullptr,
                            {.subvolumes = {"257"}, .version = version, .compressed_data = version > 1}));
}

/// Empty: the stream was refused, and nothing has happened; or it is the tree that it should be.
std::string try_broken(const std::string& stream, const TreeListing& right) {
    ReceiveBench bench;
    const auto received = bench.receive(stream);
    if (!received) {
        return bench.generation() == 1 && bench.findings().empty() ? std::string() : "it was changed nevertheless";
    }
    const auto wrong = differences(right, bench.list("/snapshot1"), {});
    return wrong.empty() ? std::string() : "received as " + wrong.front();
}

/// A new owner takes privileges away in a kernel; here a stream's word counts, in whatever order it comes.
TreeListing without_privileges(TreeListing listing) {
    for (auto& record : listing) {
        record.mode &= ~u32{S_ISUID | S_ISGID};
        std::erase_if(record.xattrs, [](const Xattr& xattr) { return xattr.name == "security.capability"; });
    }
    return listing;
}

/// The same of a stream whose commands are each sound.
std::string try_changed(const std::string& stream, unsigned& received_count) {
    ReceiveBench bench;
    const auto received = bench.receive(stream);
    if (!received) {
        return bench.generation() == 1 && bench.findings().empty() ? std::string() : "it was changed nevertheless";
    }
    ++received_count;
    if (const auto found = bench.findings(); !found.empty()) {
        return found;
    }
    ModelReceiver model;
    if (const auto modelled = model.receive(stream); !modelled) {
        return "a kernel would refuse it: " + modelled.error().message;
    }
    // Times that the stream does not set are those of the receiver.
    const auto wrong = differences(without_privileges(model.list_last()), without_privileges(bench.list("/snapshot1")),
                                   {"flags", "subvolume", "ranges", "atime", "mtime", "ctime", "otime"});
    return wrong.empty() ? std::string() : "received as " + wrong.front();
}

} // namespace

TEST_CASE("receive: a stream that is cut off or has a wrong bit is refused, and nothing has happened") {
    std::mt19937 random(5);
    for (unsigned seed = 1; seed <= rounds(3, 40); ++seed) {
        const auto stream = sent_history(seed, 1 + seed % 2);
        ReceiveBench whole;
        must(whole.receive(stream));
        const auto right = whole.list("/snapshot1");
        std::size_t border = 0;
        for (const auto& command : take_apart(stream).commands) {
            border += border == 0 ? sizeof(btrfs::send::StreamHeader) : 0;
            CHECK(try_broken(stream.substr(0, border), right) == "");
            border += command.size();
        }
        for (unsigned i = 0; i < rounds(60, 600); ++i) {
            const auto at = random() % stream.size();
            CAPTURE(at);
            CHECK(try_broken(stream.substr(0, at), right) == "");
            auto flipped = stream;
            flipped[at] = static_cast<char>(flipped[at] ^ (1 << random() % 8));
            CHECK(try_broken(flipped, right) == "");
        }
    }
}

TEST_CASE("receive: commands that are missing, doubled or exchanged make what they say, or nothing") {
    unsigned received = 0;
    for (unsigned seed = 1; seed <= rounds(4, 60); ++seed) {
        std::mt19937 random(seed);
        const auto raw = take_apart(sent_history(seed, 1 + seed % 2));
        const auto count = raw.commands.size() - 1; // `end` stays where it is
        for (unsigned i = 0; i < rounds(60, 400); ++i) {
            auto changed = raw;
            const auto at = static_cast<std::ptrdiff_t>(random() % count);
            const auto other = random() % count;
            const char* what = "";
            switch (random() % 3) {
            case 0:
                what = "without";
                changed.commands.erase(changed.commands.begin() + at);
                break;
            case 1:
                what = "twice";
                changed.commands.insert(changed.commands.begin() + at, raw.commands[static_cast<std::size_t>(at)]);
                break;
            default:
                what = "exchanged";
                std::swap(changed.commands[static_cast<std::size_t>(at)], changed.commands[other]);
                break;
            }
            CAPTURE(seed);
            CAPTURE(what);
            CAPTURE(at);
            CAPTURE(other);
            CHECK(try_changed(changed.text(), received) == "");
        }
    }
    MESSAGE(received, " were received");
    CHECK(received > 20);
}

} // namespace receive_damage_test
