// SPDX-License-Identifier: MIT
// How fast a scrub could be at best: reads ranges of a file, on all processors, and takes the checksum of every 4 KiB.
// read_limit CSUM FILE <RANGES      CSUM is crc32c, sha256 or blake2; RANGES are lines "OFFSET LENGTH"
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gcrypt.h>
#include <isa-l/crc.h>
#include <unistd.h>

namespace {

constexpr std::size_t sector_bytes = 4096;
constexpr std::size_t piece_bytes = std::size_t{256} << 10; // larger ones are no faster

struct Piece {
    std::uint64_t offset = 0;
    std::size_t length = 0;
};

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

/// All of standard input.
std::string read_input() {
    std::string text;
    std::array<char, 1 << 16> buffer{};
    for (std::size_t length = 0; (length = std::fread(buffer.data(), 1, buffer.size(), stdin)) > 0;) {
        text.append(buffer.data(), length);
    }
    return text;
}

std::vector<Piece> read_pieces() {
    std::vector<Piece> pieces;
    const std::string text = read_input();
    char* at = nullptr;
    for (const char* line = text.c_str(); *line != 0; line = at + 1) {
        const std::uint64_t offset = std::strtoull(line, &at, 10);
        const std::uint64_t length = std::strtoull(at, &at, 10);
        for (std::uint64_t done = 0; done < length; done += piece_bytes) {
            pieces.push_back({offset + done, std::min<std::size_t>(piece_bytes, length - done)});
        }
    }
    return pieces;
}

/// Something that depends on all checksums, so that none of them can be left out.
std::uint64_t sum_of(const std::string& name, unsigned char* bytes, std::size_t length) {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < length; at += sector_bytes) {
        std::array<unsigned char, 32> digest{};
        if (name == "crc32c") {
            const unsigned crc = crc32_iscsi(bytes + at, sector_bytes, ~0U);
            std::memcpy(digest.data(), &crc, sizeof(crc));
        } else {
            gcry_md_hash_buffer(name == "sha256" ? GCRY_MD_SHA256 : GCRY_MD_BLAKE2B_256, digest.data(), bytes + at,
                                sector_bytes);
        }
        std::uint64_t head = 0;
        std::memcpy(&head, digest.data(), sizeof(head));
        sum ^= head;
    }
    return sum;
}

} // namespace

int main(int count, char** words) {
    if (count != 3) {
        std::fputs("usage: read_limit crc32c|sha256|blake2 FILE <RANGES\n", stderr);
        return 2;
    }
    const std::string name = words[1];
    const int file = open(words[2], O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        die(words[2]);
    }
    gcry_check_version(nullptr);
    const auto pieces = read_pieces();
    std::atomic<std::size_t> next = 0;
    std::atomic<std::uint64_t> sum = 0;
    const auto work = [&] {
        std::vector<unsigned char> buffer(piece_bytes);
        for (std::size_t i = next++; i < pieces.size(); i = next++) {
            const auto& piece = pieces[i];
            if (pread(file, buffer.data(), piece.length, static_cast<off_t>(piece.offset)) !=
                static_cast<ssize_t>(piece.length)) {
                die("pread");
            }
            sum ^= sum_of(name, buffer.data(), piece.length);
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
        threads.emplace_back(work);
    }
    for (auto& thread : threads) {
        thread.join();
    }
    std::printf("%llx\n", static_cast<unsigned long long>(sum.load()));
    return 0;
}
